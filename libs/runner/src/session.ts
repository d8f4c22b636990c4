/** One run of the runner: takes the commands, runs them, sends the results, ends the process. */
import { join } from 'node:path';
import type { Command, StartCommands } from '@krepis/proto';
import { Channel } from './channel.ts';
import { type Generate, runCommand } from './command.ts';
import { errors, problem, RunnerError } from './errors.ts';
import { Pool } from './pool.ts';
import { DiskView } from './view.ts';
import type { Answer } from './worker-protocol.ts';

/** What differs between the plain start and the one from a snapshot. */
export interface SessionSetup {
  /** True if this process began from a start-up snapshot. */
  readonly snapshot: boolean;
  /** Folder of the bundles. */
  readonly folder: string;
  /** Loads the built-in generators. */
  readonly loadBuiltins: () => Generate;
}

/** Exit code of a runner that cannot go on. */
const BROKEN = 70;

/**
 * Runs to the end of the process: exit code 0 after the last result, whatever the commands did; 70 if the master cannot
 * be understood or has gone.
 */
export async function runSession(setup: SessionSetup): Promise<never> {
  try {
    refuseImitations();
    const channel = new Channel();
    channel.send({ $case: 'ready', value: { nodeVersion: process.version, snapshot: setup.snapshot } });
    const message = channel.receive();
    if (!message) process.exit(BROKEN);
    if (message.$case !== 'start')
      throw new RunnerError(errors.BAD_FRAME, `the first frame is \`${message.$case}\` and not \`start\``);
    const start = message.value;
    const only = start.commands.length === 1 ? start.commands[0] : undefined;
    // A thread of its own costs a second load of the generators: a single trusted command does without.
    if (only?.source?.$case === 'builtin') await runHere(only, start, channel, setup);
    else await runOnWorkers(start, channel, setup);
    process.exit(0);
  } catch (error) {
    const text =
      error instanceof RunnerError ? `${error.code.code}: ${error.message}` : String((error as Error)?.stack ?? error);
    process.stderr.write(`krepis runner: ${text}\n`);
    process.exit(BROKEN);
  }
}

async function runHere(command: Command, start: StartCommands, channel: Channel, setup: SessionSetup): Promise<void> {
  const findClasses = (className: string): Answer => {
    channel.send({ $case: 'query', value: { id: 1, question: { $case: 'className', value: className } } });
    const message = channel.receive();
    if (message?.$case === 'answer') return message.value;
    return { classes: [], error: problem(errors.QUERY_FAILED, 'the master went away') };
  };
  const { root, overlay, configJson } = start;
  channel.send({ $case: 'started', value: { command: command.id } });
  const outcome = await runCommand(command, {
    view: new DiskView({ root, overlay, configJson, findClasses }),
    root,
    loadBuiltins: setup.loadBuiltins,
    log: (text) => channel.send({ $case: 'log', value: { command: command.id, text } }),
  });
  channel.send({ $case: 'result', value: { command: command.id, outcome } });
}

async function runOnWorkers(start: StartCommands, channel: Channel, setup: SessionSetup): Promise<void> {
  const pool = new Pool(start, channel, join(setup.folder, 'worker.cjs'));
  const broken = new Promise<never>((_, reject) => {
    channel.listen(
      (message) => {
        if (message.$case === 'answer') pool.answer(message.value);
        else reject(new RunnerError(errors.BAD_FRAME, 'the commands came twice'));
      },
      (reason) =>
        reject(reason ?? new RunnerError(errors.BAD_FRAME, 'the master closed its end before the last result')),
    );
  });
  await Promise.race([pool.run(), broken]);
}

/** Electron and Bun may stand on the PATH as `node`; what they run differs from what was tested. */
function refuseImitations(): void {
  const { electron, bun } = process.versions;
  if (electron || bun) {
    throw new RunnerError(
      errors.NOT_NODE,
      `this is ${electron ? `Electron ${electron}` : `Bun ${bun}`} and not Node.js`,
    );
  }
}
