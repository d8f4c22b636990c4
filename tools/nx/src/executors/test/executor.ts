import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import { errors, KrepisError } from '../../errors.ts';
import type { Suite } from '../../graph/targets.ts';
import { run } from '../../process.ts';
import { type Counts, countCargo, countJest, countNothing, summarize } from './summary.ts';

/** Options of the executor `test`; see schema.json. */
export interface TestOptions {
  readonly suites: readonly Suite[];
  /** Where the summary goes, relative to the Nx root. */
  readonly results: string;
}

/** How one suite ended. */
interface SuiteEnd {
  readonly success: boolean;
  readonly counts: Counts | undefined;
}

/**
 * Runs the tests of one project, all languages, and writes one summary of them.
 *
 * @returns success only if every runner ended with 0 and left a summary
 */
export default async function test(options: TestOptions, context: ExecutorContext): Promise<{ success: boolean }> {
  const project = context.projectName ?? '';
  const results = join(context.root, options.results);
  rmSync(results, { force: true });
  const ends: SuiteEnd[] = [];
  for (const suite of options.suites) {
    const end = suite.runner === 'cargo' ? await cargo(suite, context.root) : await javascript(suite, context.root);
    if (!end.counts) {
      const failure = new KrepisError({ ...errors.NO_TEST_SUMMARY, at: { path: suite.cwd }, reason: suite.runner });
      console.error(failure.message);
    }
    ends.push(end);
  }
  // Without every part the sum would look like a whole: then there is no file, and the reader of the files notices.
  if (ends.every((end) => end.counts)) {
    mkdirSync(dirname(results), { recursive: true });
    const summary = summarize(
      project,
      ends.flatMap(({ counts }) => counts ?? []),
    );
    writeFileSync(results, `${JSON.stringify(summary)}\n`);
  }
  return { success: ends.every(({ success, counts }) => success && counts !== undefined) };
}

async function cargo(suite: Suite & { runner: 'cargo' }, root: string): Promise<SuiteEnd> {
  const { code, stdout, stderr } = await run({
    command: 'cargo',
    arguments: ['test', '-p', suite.crate, ...suite.arguments, '--no-fail-fast'],
    cwd: join(root, suite.cwd),
    // The summary lines are read by position: no colour codes among them.
    env: { ...process.env, CARGO_TERM_COLOR: 'never' },
    echo: true,
  });
  return { success: code === 0, counts: countCargo(stdout) ?? (code === 0 ? countNothing(stderr) : undefined) };
}

/** Jest and Vitest write the same form of result file. */
const RUNNERS = {
  jest: { bin: (resolve: NodeJS.RequireResolve) => resolve('jest/bin/jest'), arguments: ['--json'] },
  vitest: {
    bin: (resolve: NodeJS.RequireResolve) => join(dirname(resolve('vitest/package.json')), 'vitest.mjs'),
    arguments: ['run', '--reporter=default', '--reporter=json'],
  },
} as const;

async function javascript(suite: Suite & { runner: 'jest' | 'vitest' }, root: string): Promise<SuiteEnd> {
  const cwd = join(root, suite.cwd);
  const folder = mkdtempSync(join(tmpdir(), `krepis-${suite.runner}-`));
  const file = join(folder, 'results.json');
  const runner = RUNNERS[suite.runner];
  try {
    const { code } = await run({
      command: process.execPath,
      arguments: [
        runner.bin(createRequire(join(cwd, 'package.json')).resolve),
        ...runner.arguments,
        `--outputFile=${file}`,
      ],
      cwd,
      echo: true,
    });
    return { success: code === 0, counts: countJest(readIfThere(file)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
