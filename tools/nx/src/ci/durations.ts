import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readJsonText } from '../edit/json.ts';

/** What tasks took, in milliseconds, by id. */
export type Durations = Readonly<Record<string, number>>;

interface DurationsFile {
  readonly schema?: number;
  readonly durations?: Durations;
}

/** One event of the trace that Nx writes where `NX_PROFILE` names a file. */
interface ProfileEvent {
  readonly name: string;
  /** `X` for a task. */
  readonly ph: string;
  /** Microseconds. */
  readonly dur?: number;
  readonly args?: { readonly status?: string };
}

/**
 * Reads a durations file; none yet is no error, so that the first run of a pipeline works.
 *
 * @throws KrepisError KRP7051 if it cannot be read
 */
export function readDurations(cwd: string, file: string): Durations {
  const path = resolve(cwd, file);
  if (!existsSync(path)) return {};
  return readJsonText<DurationsFile>(file, readFileSync(path, 'utf8')).durations ?? {};
}

/**
 * Adds what runs measured. A task that was known counts half old, half new, so that one slow machine does not turn the
 * next assignment over; tasks from a cache took no time worth keeping.
 *
 * @returns how many tasks were measured
 */
export function recordDurations(cwd: string, profiles: readonly string[], file: string): number {
  const known: Record<string, number> = { ...readDurations(cwd, file) };
  let count = 0;
  for (const profile of profiles) {
    const events = JSON.parse(readFileSync(resolve(cwd, profile), 'utf8')) as readonly ProfileEvent[];
    for (const { name, ph, dur, args } of events) {
      if (ph !== 'X' || dur === undefined || args?.status !== 'success') continue;
      const measured = Math.round(dur / 1000);
      const earlier = known[name];
      known[name] = earlier === undefined ? measured : Math.round((earlier + measured) / 2);
      count += 1;
    }
  }
  const sorted = Object.fromEntries(Object.entries(known).sort(([a], [b]) => (a < b ? -1 : 1)));
  const path = resolve(cwd, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ schema: 1, durations: sorted }, null, 2)}\n`);
  return count;
}
