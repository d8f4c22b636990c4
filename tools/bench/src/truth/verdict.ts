/** Compares what a tool ran with what it had to run. */
import type { Behaviour, Changes, Edit, Work } from './edits.ts';
import type { Task } from './tools.ts';

/** What a tool did after one edit. */
export interface Verdict {
  /** Work that had to be done again and was taken from the cache, or that the tool no longer knows of. */
  readonly stale: readonly Work[];
  /** Tasks that ran without a need. */
  readonly needless: readonly string[];
  /** Tasks that ran and may: the artefact they read was made anew and came out the same. */
  readonly allowed: readonly string[];
  /** Work that had to be done again and for which the tool has no task of its own, before the edit neither. */
  readonly missing: readonly Work[];
}

/**
 * Judges one run.
 *
 * A task may stand for several pieces of work (`cargo test --workspace`) and several tasks for one; work is fresh only if
 * every task that stands for it ran.
 *
 * @param before - the tasks of the same command before the edit
 * @param after - the tasks of the run after it
 */
export function judge(
  { must, may }: Pick<Edit, 'must' | 'may'>,
  before: readonly Task[],
  after: readonly Task[],
): Verdict {
  const known = new Set(before.flatMap(({ covers }) => covers));
  const missing = must.filter((work) => !known.has(work));
  const stale = must.filter((work) => {
    const tasks = after.filter(({ covers }) => covers.includes(work));
    return known.has(work) && (tasks.length === 0 || tasks.some(({ ran }) => !ran));
  });
  const ran = after.filter((task) => task.ran);
  const wanted = (task: Task, works: readonly Work[]) => task.covers.some((work) => works.includes(work));
  return {
    stale,
    missing,
    needless: ran.filter((task) => !wanted(task, must) && !wanted(task, may)).map(({ id }) => id),
    allowed: ran.filter((task) => !wanted(task, must) && wanted(task, may)).map(({ id }) => id),
  };
}

/** What the artefacts must say after an edit. */
export function expected(before: Behaviour, changes: Changes): Behaviour {
  const after = { ...before };
  for (const { in: artefacts, from, to } of changes) {
    for (const artefact of artefacts) {
      if (!before[artefact].includes(from))
        throw new Error(`\`${from}\` is not in what ${artefact} says: ${before[artefact]}`);
      after[artefact] = after[artefact].replaceAll(from, to);
    }
  }
  return after;
}

/** The artefacts that say something else than they must. */
export function unlike(observed: Behaviour, wanted: Behaviour): (keyof Behaviour)[] {
  return (Object.keys(wanted) as (keyof Behaviour)[]).filter((artefact) => observed[artefact] !== wanted[artefact]);
}
