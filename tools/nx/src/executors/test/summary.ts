/** How many tests of one project ended how. The form of `dist/test-results/<project>.json`, whatever ran them. */
export interface TestSummary {
  readonly schema: 1;
  readonly project: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts without a project: one runner's part. */
export type Counts = Pick<TestSummary, 'passed' | 'failed' | 'skipped'>;

/**
 * Adds up the `test result:` lines of `cargo test`: one per binary, and one for the doc tests.
 *
 * @returns undefined if there is no such line, for example after a compile error
 */
export function countCargo(output: string): Counts | undefined {
  const lines = [...output.matchAll(/^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored;/gm)];
  if (lines.length === 0) return undefined;
  const sum = (group: number) => lines.reduce((total, line) => total + Number(line[group]), 0);
  return { passed: sum(1), failed: sum(2), skipped: sum(3) };
}

/**
 * What `cargo test` counts where there is nothing to test (`test = false`, no doc tests): it starts no binary and prints no result.
 *
 * @param progress its stderr, where it names every binary it starts
 * @returns undefined if it started one: then a result is missing
 */
export function countNothing(progress: string): Counts | undefined {
  return /^\s*(?:Running|Doc-tests) /m.test(progress) ? undefined : { passed: 0, failed: 0, skipped: 0 };
}

/**
 * Reads the file of `jest --json --outputFile`, which Vitest writes in the same form. A suite that does not even load has no tests and counts as one failure.
 *
 * @returns undefined if the text is not such a file
 */
export function countJest(json: string): Counts | undefined {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const count = (key: string) => (typeof value[key] === 'number' ? value[key] : undefined);
  const passed = count('numPassedTests');
  const failed = count('numFailedTests');
  if (passed === undefined || failed === undefined) return undefined;
  return {
    passed,
    failed: failed + (count('numRuntimeErrorTestSuites') ?? 0),
    skipped: (count('numPendingTests') ?? 0) + (count('numTodoTests') ?? 0),
  };
}

/** One project's summary from its runners' counts. */
export function summarize(project: string, counts: readonly Counts[]): TestSummary {
  const sum = (key: keyof Counts) => counts.reduce((total, part) => total + part[key], 0);
  return { schema: 1, project, passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}
