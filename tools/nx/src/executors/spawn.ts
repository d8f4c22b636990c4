import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import { errors, KrepisError } from '../errors.ts';
import { findBinary } from '../krepis/cli.ts';
import { run } from '../process.ts';

/**
 * Runs krepis in the project's Krepis workspace: the nearest krepis.json from the project's folder up to the Nx root.
 * Its output is the task's output.
 *
 * @param directory overrides the project's folder; relative to the Nx root
 * @param input makes the text for its stdin from the folder of the Krepis workspace
 * @throws KrepisError KRP7001, KRP7002
 */
export async function spawnKrepis(
  args: readonly string[],
  context: ExecutorContext,
  directory?: string,
  input?: (workspace: string) => string,
): Promise<{ success: boolean }> {
  const cwd = workspaceOf(context, directory);
  const { binary, env } = findBinary(context.root);
  const { code } = await run({ command: binary, arguments: args, cwd, env, input: input?.(cwd), echo: true });
  return { success: code === 0 };
}

function workspaceOf(context: ExecutorContext, directory: string | undefined): string {
  const project =
    context.projectName === undefined ? undefined : context.projectsConfigurations.projects[context.projectName];
  const start = join(context.root, directory ?? project?.root ?? '.');
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'krepis.json'))) return folder;
    if (folder === context.root || folder === dirname(folder)) {
      throw new KrepisError({ ...errors.NO_WORKSPACE, at: { path: relative(context.root, start) || '.' } });
    }
  }
}
