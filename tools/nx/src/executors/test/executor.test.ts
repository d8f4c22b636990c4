import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import type { Suite } from '../../graph/targets.ts';
import { folder, removeFolders } from '../../testing/workspace.ts';
import runTests from './executor.ts';
import { countCargo, countJest, countNothing, summarize } from './summary.ts';

const RESULTS = 'dist/test-results/p.json';
const CARGO = `
running 2 tests
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
     Running tests/x.rs
test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
`;

beforeEach(() => {
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, 'write').mockReturnValue(true);
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => {
  removeFolders();
  jest.restoreAllMocks();
});

test('cargo: the lines of all binaries are added up', () => {
  expect(countCargo(CARGO)).toEqual({ passed: 5, failed: 1, skipped: 1 });
  expect(countCargo('error: could not compile `a`')).toBeUndefined();
});

test('cargo: a crate without test targets has no result, and that is none missing', () => {
  expect(countNothing('    Finished `test` profile [unoptimized] target(s) in 0.01s\n')).toEqual({
    passed: 0,
    failed: 0,
    skipped: 0,
  });
  expect(countNothing('     Running unittests src/lib.rs (target/debug/deps/a-1)\n')).toBeUndefined();
});

test('jest: a suite that does not load is a failure, todo is not passed', () => {
  const json = {
    numPassedTests: 4,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 1,
    numRuntimeErrorTestSuites: 1,
  };
  expect(countJest(JSON.stringify(json))).toEqual({ passed: 4, failed: 2, skipped: 3 });
  expect(countJest('')).toBeUndefined();
  expect(countJest('{}')).toBeUndefined();
});

test('a project in two languages has one summary', () => {
  const parts = [
    { passed: 1, failed: 0, skipped: 2 },
    { passed: 3, failed: 1, skipped: 0 },
  ];
  expect(summarize('@acme/p', parts)).toEqual({ schema: 1, project: '@acme/p', passed: 4, failed: 1, skipped: 2 });
});

/** A folder with a `cargo` that prints a text and a Jest project with one test that passes and, if asked, one that fails. */
function project({ cargo, failing = false }: { cargo: { text: string; code: number }; failing?: boolean }): string {
  const failure = failing ? "test('three', () => expect(1).toBe(2));" : '';
  const root = folder({
    'lib/package.json': '{ "name": "p" }',
    'lib/jest.config.cjs': 'module.exports = { rootDir: __dirname };',
    'lib/a.test.js': `test('one', () => expect(1).toBe(1)); test.skip('two', () => {}); ${failure}`,
  });
  symlinkSync(join(__dirname, '..', '..', '..', '..', '..', 'node_modules'), join(root, 'node_modules'));
  const bin = join(root, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'cargo'),
    `#!${process.execPath}\nprocess.stdout.write(${JSON.stringify(cargo.text)}); process.exitCode = ${cargo.code};`,
  );
  chmodSync(join(bin, 'cargo'), 0o755);
  jest.replaceProperty(process, 'env', { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` });
  return root;
}

function execute(root: string) {
  const suites: Suite[] = [
    { runner: 'cargo', crate: 'p', cwd: '.', arguments: [] },
    { runner: 'jest', cwd: 'lib' },
  ];
  return runTests({ suites, results: RESULTS }, { root, projectName: 'p' } as ExecutorContext);
}

const summary = (root: string) => JSON.parse(readFileSync(join(root, RESULTS), 'utf8'));
const PASSING = 'test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured\n';

test('both runners pass: success, and the sum is in the file', async () => {
  const root = project({ cargo: { text: PASSING, code: 0 } });
  expect(await execute(root)).toEqual({ success: true });
  expect(summary(root)).toEqual({ schema: 1, project: 'p', passed: 3, failed: 0, skipped: 1 });
});

test('a failing test fails the task and is counted', async () => {
  const root = project({ cargo: { text: PASSING, code: 0 }, failing: true });
  expect(await execute(root)).toEqual({ success: false });
  expect(summary(root)).toMatchObject({ passed: 3, failed: 1 });
});

test('a runner without a summary: failure, KRP7020, and no file that looks like a whole', async () => {
  const root = project({ cargo: { text: 'error: could not compile', code: 101 } });
  expect(await execute(root)).toEqual({ success: false });
  expect(console.error).toHaveBeenCalledWith(expect.stringMatching(/KRP7020/));
  expect(existsSync(join(root, RESULTS))).toBe(false);
});
