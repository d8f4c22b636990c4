import { run } from '../process.ts';

/**
 * Which of these paths git ignores. None where there is no git or no repository; a tracked file is never ignored.
 *
 * @param paths relative to the Nx root; they need not exist
 */
export async function ignoredByGit(root: string, paths: readonly string[]): Promise<Set<string>> {
  if (paths.length === 0) return new Set();
  try {
    const { stdout } = await run({
      command: 'git',
      arguments: ['check-ignore', '-z', '--stdin'],
      cwd: root,
      input: paths.join('\0'),
    });
    return new Set(stdout.split('\0').filter(Boolean));
  } catch {
    return new Set();
  }
}
