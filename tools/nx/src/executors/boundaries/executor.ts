import type { ExecutorContext } from '@nx/devkit';
import { spawnKrepis } from '../spawn.ts';
import { graphInput } from './graph.ts';

/** Options of the executor `boundaries`; see schema.json. */
export interface BoundariesOptions {
  readonly directory?: string;
  readonly json?: boolean;
}

/**
 * Judges the Nx project graph by the rules of krepis.json: `krepis check --graph -`.
 *
 * Beside what `krepis check` finds by itself this covers edges that only Nx knows (implicit dependencies, edges of other
 * plugins) and the tags that projects have for Nx, whoever gave them. Violations fail the task.
 *
 * @example
 * // project.json
 * { "targets": { "boundaries": { "executor": "@krepis/nx:boundaries" } } }
 */
export default async function boundaries(
  options: BoundariesOptions,
  context: ExecutorContext,
): Promise<{ success: boolean }> {
  const args = ['check', '--graph', '-', ...(options.json === true ? ['--json'] : [])];
  return spawnKrepis(args, context, options.directory, (workspace) => graphInput(context, workspace));
}
