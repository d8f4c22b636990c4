/** One sub-command, from its source to its outcome, on whatever thread this is. */
import { pathToFileURL } from 'node:url';
import type { View } from '@krepis/plugin';
import type { Command, CommandResult } from '@krepis/proto';
import { changeSetFromJson } from './change-set.ts';
import type { Denied } from './denied.ts';
import { errors, problem, RunnerError } from './errors.ts';
import { asRefusal, type Thrown, thrown } from './thrown.ts';

/** How a command ended. */
export type Outcome = NonNullable<CommandResult['outcome']>;

/** The built-in generators: `generate` of @krepis/generator. */
export type Generate = (kind: string, view: View, options: Record<string, unknown>) => unknown;

/** What a command is run with. */
export interface CommandContext {
  /** The workspace as the command sees it; its reads become the change's. */
  readonly view: View;
  /** Absolute path of the workspace, for places in messages. */
  readonly root: string;
  /** Loads the built-in generators; large, so only when one is asked for. */
  readonly loadBuiltins: () => Generate;
  /** Takes the details of a failure that are for whoever debugs the command (the stack). */
  readonly log: (text: string) => void;
  /** Where something may be denied: what was, and what would have allowed it. */
  readonly denied?: (error: unknown) => Denied | undefined;
}

/**
 * Runs one command to its outcome. Never throws: whatever the command does on this thread, short of ending it, is an
 * outcome that names the command.
 */
export async function runCommand(command: Command, context: CommandContext): Promise<Outcome> {
  let step: 'load' | 'run' | 'convert' = 'load';
  try {
    const options = parseOptions(command);
    const call = await load(command, context);
    step = 'run';
    const result = await call(context.view, options);
    step = 'convert';
    return { $case: 'changeSet', value: changeSetFromJson(result, context.view.reads()) };
  } catch (error) {
    const refusal = asRefusal(error);
    if (refusal && step === 'run') return { $case: 'refusal', value: refusal };
    return { $case: 'error', value: failure(command, context, step, error) };
  }
}

type Call = (view: View, options: Record<string, unknown>) => unknown;

async function load(command: Command, context: CommandContext): Promise<Call> {
  const source = command.source;
  if (source?.$case === 'builtin') {
    const generate = context.loadBuiltins();
    return (view, options) => generate(source.value, view, options);
  }
  if (source?.$case !== 'module')
    throw new RunnerError(errors.NOT_A_COMMAND, 'it names neither a built-in nor a module');
  const module: { default?: unknown } = await import(pathToFileURL(source.value).href);
  // A CommonJS module that was compiled from `export default` has its function one level down.
  const call =
    typeof module.default === 'function' ? module.default : (module.default as { default?: unknown })?.default;
  if (typeof call !== 'function') {
    throw new RunnerError(errors.NOT_A_COMMAND, `${source.value} has no function as its default export`, {
      hint: 'write `export default (view, options) => ({ title: …, files: [ … ] })`',
    });
  }
  return call as Call;
}

function parseOptions(command: Command): Record<string, unknown> {
  if (command.optionsJson === '') return {};
  let options: unknown;
  try {
    options = JSON.parse(command.optionsJson);
  } catch (error) {
    throw new RunnerError(errors.OPTIONS_MALFORMED, 'its options are not JSON', { reason: String(error) });
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new RunnerError(errors.OPTIONS_MALFORMED, 'its options are not a JSON object');
  }
  return options as Record<string, unknown>;
}

function failure(command: Command, context: CommandContext, step: 'load' | 'run' | 'convert', error: unknown) {
  const subject = `command \`${command.name}\``;
  if (error instanceof RunnerError) {
    return problem(error.code, `${subject}: ${error.message}`, error.details);
  }
  const what: Thrown = thrown(error, context.root);
  if (what.stack) context.log(`${what.stack}\n`);
  const details = { at: what.at, reason: what.message };
  const denied = context.denied?.(error);
  if (denied) {
    return problem(errors.ACCESS_DENIED, `${subject} ${denied.what}`, { ...details, hint: denied.hint });
  }
  if (step === 'load') {
    return problem(errors.MODULE_NOT_LOADED, `${subject} cannot be loaded`, {
      ...details,
      hint: 'a command is an ES module in JavaScript or in TypeScript that Node can run by stripping types',
    });
  }
  if (step === 'convert')
    return problem(errors.NOT_A_CHANGE_SET, `${subject} returned something that is not a change set`, details);
  return problem(errors.COMMAND_THREW, `${subject} threw`, {
    ...details,
    hint: 'nothing was changed; mend the command and run it again',
  });
}
