/** Tasks of ours that run without need, each with the reason: a tool that cannot know must not guess. */
import type { Work } from './edits.ts';

/** Why some tasks of ours run after an edit that does not concern them. */
export interface Explanation {
  readonly work: readonly Work[];
  readonly because: string;
}

/** By edit. Whatever else runs without need is a fault. */
export const EXPLAINED: Readonly<Record<string, Explanation>> = {
  readme: {
    work: [
      ...(['build', 'test', 'lint'] as const).flatMap((kind): Work[] => [
        `crates/leaf#${kind}`,
        `crates/mid#${kind}`,
        `apps/tool#${kind}`,
        `packages/native#${kind}`,
      ]),
      'packages/words#test',
      'packages/core#test',
      'packages/feature#test',
      'apps/app#test',
    ],
    because:
      "any file of a crate may be compiled in (`include_str!`, build scripts, macros; the row readme-included is such a case), and a test may read any file of its package, so a crate's README counts as its source; builds, types and lints of TypeScript leave it out",
  },
  'addon-loader': {
    work: ['packages/native#build', 'packages/native#test'],
    because:
      "the folder is a crate, too, and any file of a crate may be compiled in: its package's JavaScript counts as its source",
  },
};

/**
 * The tasks that neither the edit nor an explanation accounts for.
 *
 * @param needless - names of tasks
 * @param covers - what each task stands for, by its name
 */
export function unexplained(
  edit: string,
  needless: readonly string[],
  covers: ReadonlyMap<string, readonly Work[]>,
): string[] {
  const work = EXPLAINED[edit]?.work ?? [];
  return needless.filter((task) => !(covers.get(task) ?? []).some((covered) => work.includes(covered)));
}
