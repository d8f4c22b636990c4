/** Runs a tool through every edit. */
import { type Behaviour, type Edit, KINDS, type Kind, type Work } from './edits.ts';
import type { Task } from './tools.ts';
import { expected, judge, unlike, type Verdict } from './verdict.ts';
import type { Run, Workplace } from './workplace.ts';

/** What one tool did after one edit. */
export interface Outcome extends Verdict {
  /** Exit code of the run after the edit. */
  readonly code: number | null;
  /** Artefacts that say something old: stale, whatever the tasks say. */
  readonly old: readonly (keyof Behaviour)[];
  /** Artefacts that are not as before once the edit is taken back and everything has been run again. */
  readonly kept: readonly (keyof Behaviour)[];
  /** Tasks that the run after the edit was taken back ran, though their result of before is in the cache. */
  readonly again: readonly string[];
  /** What the run wrote, for a reader who wants to know why. */
  readonly output: string;
}

/** A tool whose first run and its repetition are done. */
export interface Baseline {
  readonly tasks: readonly Task[];
  /** Tasks that run every time: their results are not cached. */
  readonly always: readonly string[];
  readonly behaviour: Behaviour;
}

/**
 * Builds everything until it is settled: the first run of a tool that hashes generated files changes what the second sees.
 *
 * @throws Error with the output if a run fails or an artefact does not work
 */
export async function baseline(place: Workplace): Promise<Baseline> {
  const first = successful(place, await place.run());
  const behaviour = place.observe();
  for (const [artefact, text] of Object.entries(behaviour)) {
    if (text === '' || text.startsWith('failed')) {
      throw new Error(`${place.tool.name}: ${artefact} ${text}\n${first.output}`);
    }
  }
  let last = successful(place, await place.run());
  if (ids(last.tasks).length > 0) last = successful(place, await place.run());
  return { tasks: last.tasks, always: ids(last.tasks), behaviour };
}

/** Makes one edit, runs everything, takes it back and runs everything again. */
export async function measure(place: Workplace, edit: Edit, before: Baseline): Promise<Outcome> {
  const outcome = await measureOnly(place, edit, before, KINDS);
  const restored = await place.run();
  return {
    ...outcome,
    kept: unlike(place.observe(), before.behaviour),
    again: ids(restored.tasks).filter((id) => !before.always.includes(id)),
  };
}

/**
 * Makes one edit, runs what is asked for, and takes the edit back without another run.
 *
 * What the next edit does not touch is in the cache as it was before this one, so that edits may follow one another.
 */
export async function measureOnly(
  place: Workplace,
  edit: Edit,
  { tasks, behaviour }: Baseline,
  kinds: readonly Kind[],
): Promise<Outcome> {
  const asked = (work: Work) =>
    kinds.some((kind) => work.split('#')[1]?.startsWith(kind)) || work.endsWith('#generate');
  place.apply(edit);
  const after = await place.run(kinds);
  const old = unlike(place.observe(), expected(behaviour, edit.changes));
  place.revert();
  return {
    ...judge({ must: edit.must.filter(asked), may: edit.may.filter(asked) }, tasks, after.tasks),
    code: after.code,
    old,
    kept: [],
    again: [],
    output: after.output,
  };
}

function ids(tasks: readonly Task[]): string[] {
  return tasks.filter(({ ran }) => ran).map(({ id }) => id);
}

function successful(place: Workplace, run: Run): Run {
  if (run.code !== 0) throw new Error(`${place.tool.name} ended with ${run.code}\n${run.output}`);
  return run;
}
