import type { ExecutorContext } from '@nx/devkit';
import boundaries from '../boundaries/executor.ts';
import { spawnKrepis } from '../spawn.ts';

/** Options of the executor `check`; see schema.json. */
export interface CheckOptions {
  readonly directory?: string;
  readonly json?: boolean;
  readonly graph?: boolean;
}

/** Checks the architecture rules of the project's Krepis workspace: `krepis check`. Violations fail the task. */
export default async function check(options: CheckOptions, context: ExecutorContext): Promise<{ success: boolean }> {
  if (options.graph === true) return boundaries(options, context);
  return spawnKrepis(['check', ...(options.json === true ? ['--json'] : [])], context, options.directory);
}
