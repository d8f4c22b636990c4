import type { ExecutorContext } from '@nx/devkit';
import { spawnKrepis } from '../spawn.ts';

/** Options of the executor `check`; see schema.json. */
export interface CheckOptions {
  readonly directory?: string;
  readonly json?: boolean;
}

/** Checks the architecture rules of the project's Krepis workspace: `krepis check`. Violations fail the task. */
export default async function check(options: CheckOptions, context: ExecutorContext): Promise<{ success: boolean }> {
  return spawnKrepis(['check', ...(options.json === true ? ['--json'] : [])], context, options.directory);
}
