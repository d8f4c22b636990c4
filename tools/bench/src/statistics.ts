/** What the repeated runs of one thing came to. */
export interface Sample {
  /** Median. */
  readonly median: number;
  /** Number of runs. */
  readonly n: number;
  /** Smallest and largest value. */
  readonly spread: Spread;
}

/** Smallest and largest value of several runs. */
export interface Spread {
  readonly min: number;
  readonly max: number;
}

/**
 * Summarises runs.
 *
 * @param values - one number per run, at least one
 * @throws RangeError without values
 * @example
 * summarize([3, 1, 2]); // { median: 2, n: 3, spread: { min: 1, max: 3 } }
 */
export function summarize(values: readonly number[]): Sample {
  const sorted = [...values].sort((left, right) => left - right);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.ceil((sorted.length - 1) / 2)];
  const [min, max] = [sorted.at(0), sorted.at(-1)];
  if (low === undefined || high === undefined || min === undefined || max === undefined) {
    throw new RangeError('no runs to summarise');
  }
  return { median: (low + high) / 2, n: sorted.length, spread: { min, max } };
}

/**
 * The smallest value that at least this share of all values does not exceed.
 *
 * @param values - at least one
 * @param share - above 0, at most 1
 * @throws RangeError without values
 * @example
 * percentile([5, 1, 4, 2, 3], 0.8); // 4
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new RangeError('no values to take a percentile of');
  return value;
}
