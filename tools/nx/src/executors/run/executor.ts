import type { ExecutorContext } from '@nx/devkit';
import { spawnKrepis } from '../spawn.ts';

/** Options of the executor `run`; see schema.json. */
export interface RunOptions {
  readonly commands: readonly string[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly allOrNothing?: boolean;
  readonly timeout?: number;
  readonly memory?: number;
  readonly dryRun?: boolean;
  readonly directory?: string;
}

/** Runs commands of krepis.json in parallel; their changes become one operation: `krepis run`. */
export default async function runCommands(
  options: RunOptions,
  context: ExecutorContext,
): Promise<{ success: boolean }> {
  return spawnKrepis(runArguments(options), context, options.directory);
}

/** The command line for the options. */
export function runArguments(options: RunOptions): string[] {
  return [
    'run',
    ...(options.options === undefined ? [] : [`--options=${JSON.stringify(options.options)}`]),
    ...(options.allOrNothing === true ? ['--all-or-nothing'] : []),
    ...(options.timeout === undefined ? [] : [`--timeout=${options.timeout}`]),
    ...(options.memory === undefined ? [] : [`--memory=${options.memory}`]),
    ...(options.dryRun === true ? ['--dry-run'] : []),
    '--',
    ...options.commands,
  ];
}
