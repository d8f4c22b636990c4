/**
 * Entry of a plugin's process: `node --permission … plugin.cjs`, confined by the master before it began, frames in on
 * descriptor 3 and out on 4. One command, on the main thread.
 *
 * Nothing here protects anything: a plugin's code runs in this process and can change all of it. The master believes only
 * what the frames say, and nothing that they say gives rights.
 */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Channel } from './channel.ts';
import { type Outcome, runCommand } from './command.ts';
import { denied } from './denied.ts';
import { errors, problem, RunnerError } from './errors.ts';
import { ownModule } from './own-modules.ts';
import { QueryView } from './query-view.ts';
import { thrown } from './thrown.ts';

/** Exit code of a process that cannot go on. */
const BROKEN = 70;

void main();

async function main(): Promise<void> {
  const channel = new Channel();
  channel.send({ $case: 'ready', value: { nodeVersion: process.version, snapshot: false } });
  const message = channel.receive();
  const command = message?.$case === 'start' ? message.value.commands[0] : undefined;
  if (message?.$case !== 'start' || !command) {
    process.stderr.write('krepis plugin: the first frame holds no command\n');
    process.exit(BROKEN);
  }
  const { root, configJson } = message.value;
  // The plugin need not bring the interface along, and cannot bring one of another version.
  const api = pathToFileURL(join(__dirname, 'plugin-api.cjs')).href;
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === '@krepis/plugin') return { url: api, format: 'commonjs', shortCircuit: true };
      const own = ownModule(specifier, context.parentURL, root);
      return own ? { ...own, shortCircuit: true } : next(specifier, context);
    },
  });
  const finish = (outcome: Outcome): never => {
    channel.send({ $case: 'result', value: { command: command.id, outcome } });
    process.exit(0);
  };
  const fail = (code: 'UNHANDLED_REJECTION' | 'COMMAND_THREW', what: string) => (error: unknown) => {
    const { message: reason, stack, at } = thrown(error, root);
    if (stack) process.stderr.write(`${stack}\n`);
    const denial = denied(error);
    const subject = `command \`${command.name}\``;
    const value = denial
      ? problem(errors.ACCESS_DENIED, `${subject} ${denial.what}`, { at, reason, hint: denial.hint })
      : problem(errors[code], `${subject} ${what}`, { at, reason });
    finish({ $case: 'error', value });
  };
  process.on('unhandledRejection', fail('UNHANDLED_REJECTION', 'left a rejected promise unhandled'));
  process.on('uncaughtException', fail('COMMAND_THREW', 'threw outside of its own call'));
  finish(
    await runCommand(command, {
      view: new QueryView(channel, configJson),
      root,
      loadBuiltins: () => {
        throw new RunnerError(errors.NOT_A_COMMAND, 'a plugin has no built-in generators');
      },
      log: (text) => process.stderr.write(text),
      denied,
    }),
  );
}
