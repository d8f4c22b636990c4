/** The result of an area: rows beside peers, as dist/bench/AREA.json keeps them (DESIGN.md §12). */
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import type { Sample, Spread } from './statistics.ts';

/** dist/bench/AREA.json. */
export interface Report {
  readonly schema: 1;
  readonly machine: Machine;
  readonly rows: readonly Row[];
}

/** What the figures were measured on. */
export interface Machine {
  readonly os: string;
  readonly cpu: string;
  readonly cores: number;
  /** GiB. */
  readonly memory: number;
  /** Average number of processes that wanted a processor in the minute before the run; what else the machine did. */
  readonly load: number;
  /** Version of the Node.js that every program here ran on. */
  readonly node: string;
  /** Day of the run, UTC, YYYY-MM-DD. */
  readonly date: string;
}

/** The most a row may be: a ratio, or ours in the row's unit. */
export interface Goal {
  readonly max: number;
  readonly of: 'ratio' | 'ours';
}

/** One thing measured. Lower is better. */
export interface Row {
  readonly id: string;
  /** One sentence: what was run. */
  readonly title: string;
  readonly unit: 'ms' | 'MB' | 'operations' | 'tasks' | 'artefacts' | 'files' | 'processes';
  /** Median; null where it could not be measured. */
  readonly ours: number | null;
  /** Medians by the peer's name and version. */
  readonly peers: Readonly<Record<string, number>>;
  /** The peer that `ratio` is made with. */
  readonly against: string | null;
  /** Ours ÷ the peer's; null if there is no peer or it did not run. */
  readonly ratio: number | null;
  readonly goal: Goal;
  /** Runs per value: `ours` and each peer. */
  readonly n: Readonly<Record<string, number>>;
  /** Smallest and largest run per value. */
  readonly spread: Readonly<Record<string, Spread>>;
  /** Whether the goal is reached; false where the value is missing. */
  readonly ok: boolean;
  /** Footnotes: what a figure counts, and what explains it. */
  readonly notes?: readonly string[];
}

/** What a row is made of. */
export interface Measured {
  readonly id: string;
  readonly title: string;
  readonly unit: Row['unit'];
  readonly goal: Goal;
  readonly ours: Sample | null;
  readonly peers?: Readonly<Record<string, Sample>>;
  readonly against?: string;
  readonly notes?: readonly string[];
}

/**
 * Makes a row: the ratio against the named peer, and whether the goal is reached.
 *
 * @example
 * row({ id: 'undo', title: 'krepis undo', unit: 'ms', goal: { max: 40, of: 'ours' }, ours: summarize([31, 30, 33]) }).ok; // true
 */
export function row({ id, title, unit, goal, ours, peers = {}, against, notes = [] }: Measured): Row {
  const peer = against === undefined ? undefined : peers[against];
  const ratio = ours !== null && peer !== undefined ? ours.median / peer.median : null;
  const value = goal.of === 'ratio' ? ratio : (ours?.median ?? null);
  const samples = Object.entries({ ...(ours ? { ours } : {}), ...peers });
  return {
    id,
    title,
    unit,
    ours: ours && rounded(ours.median),
    peers: Object.fromEntries(Object.entries(peers).map(([name, sample]) => [name, rounded(sample.median)])),
    against: against ?? null,
    ratio: ratio === null ? null : rounded(ratio),
    goal,
    n: Object.fromEntries(samples.map(([name, sample]) => [name, sample.n])),
    spread: Object.fromEntries(
      samples.map(([name, { spread }]) => [name, { min: rounded(spread.min), max: rounded(spread.max) }]),
    ),
    ok: value !== null && value <= goal.max,
    ...(notes.length > 0 ? { notes } : {}),
  };
}

/** The machine this process runs on. */
export function machine(now: Date): Machine {
  const processors = cpus();
  return {
    os: `${type()} ${release().split('-')[0]} ${process.arch}`,
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memory: Math.round(totalmem() / 2 ** 30),
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
    node: process.versions.node,
    date: now.toISOString().slice(0, 10),
  };
}

/** Three significant digits or, from 100 on, whole numbers: more would claim a precision the runs do not have. */
function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
