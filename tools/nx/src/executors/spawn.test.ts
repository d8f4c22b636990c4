import { join } from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import { folder, installKrepis, removeFolders } from '../testing/workspace.ts';
import check from './check/executor.ts';
import generate from './generate/executor.ts';
import runCommands from './run/executor.ts';

afterEach(() => {
  removeFolders();
  jest.restoreAllMocks();
});

const FILES = { 'krepis.json': '{}', 'apps/shop/krepis.json': '{}', 'apps/shop/api/package.json': '{}' };

function context(root: string, projectRoot: string): ExecutorContext {
  return {
    root,
    cwd: root,
    isVerbose: false,
    projectName: 'p',
    projectGraph: { nodes: {}, dependencies: {} },
    nxJsonConfiguration: {},
    projectsConfigurations: { version: 2, projects: { p: { root: projectRoot } } },
  };
}

test('check runs in the Krepis workspace of the project, shows its output, and fails with it', async () => {
  const root = folder(FILES);
  const recorded = installKrepis(root, { check: { stdout: 'src/a.ts:1:1 KRP3004\n', code: 1 } });
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  expect(await check({}, context(root, 'apps/shop/api'))).toEqual({ success: false });
  expect(Buffer.concat(write.mock.calls.map(([chunk]) => chunk as unknown as Buffer)).toString()).toContain('KRP3004');
  expect(recorded.calls()).toMatchObject([{ args: ['check'], cwd: join(root, 'apps/shop') }]);
});

test('check passes with krepis, and --json is passed on; directory overrides the project', async () => {
  const root = folder(FILES);
  const recorded = installKrepis(root, { check: {} });
  expect(await check({ json: true, directory: '.' }, context(root, 'apps/shop'))).toEqual({ success: true });
  expect(recorded.calls()).toMatchObject([{ args: ['check', '--json'], cwd: root }]);
});

test('run hands over commands and options', async () => {
  const root = folder(FILES);
  const recorded = installKrepis(root, { run: {} });
  const options = {
    commands: ['a', 'b'],
    options: { deep: [1] },
    allOrNothing: true,
    timeout: 5,
    memory: 64,
    dryRun: true,
  };
  expect(await runCommands(options, context(root, 'apps/shop'))).toEqual({ success: true });
  expect(recorded.calls()[0]?.args).toEqual([
    ...['run', '--options={"deep":[1]}', '--all-or-nothing', '--timeout=5', '--memory=64', '--dry-run', '--', 'a', 'b'],
  ]);
});

test('generate hands over the kind, its arguments and options', async () => {
  const root = folder(FILES);
  const recorded = installKrepis(root, { generate: { code: 4 } });
  const options = { kind: 'method', arguments: ['A', 'ping()'], file: 'src/a.ts', body: 'b.txt', tests: false };
  expect(await generate(options, context(root, 'apps/shop'))).toEqual({ success: false });
  expect(recorded.calls()[0]?.args).toEqual([
    ...['generate', 'method', '--file=src/a.ts', '--body=b.txt', '--no-tests', '--', 'A', 'ping()'],
  ]);
});

test('a project outside every Krepis workspace: KRP7001 with its folder', async () => {
  const root = folder({ 'libs/x/package.json': '{}' });
  installKrepis(root, {});
  await expect(check({}, context(root, 'libs/x'))).rejects.toThrow(/KRP7001[\s\S]*at: libs\/x/);
});
