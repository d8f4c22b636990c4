import { readJson, readNxJson } from '@nx/devkit';
import { flush, folder, installKrepis, removeFolders, treeOver } from '../../testing/workspace.ts';
import init from './generator.ts';

afterEach(() => {
  removeFolders();
  jest.restoreAllMocks();
});

const OWN = JSON.stringify({
  name: '@krepis/nx',
  dependencies: { '@krepis/cli': 'file:/p/cli.tgz', '@krepis/package.json': 'file:/p/alias.tgz', yaml: '2.9.0' },
});
const files = (more: Record<string, string> = {}) => ({
  'package.json': '{ "name": "acme", "devDependencies": { "nx": "23.2.1" } }',
  'nx.json': '{}',
  'node_modules/@krepis/nx/package.json': OWN,
  ...more,
});

test('the companions become direct dev dependencies, from where @krepis/nx itself takes them', () => {
  const tree = treeOver(folder(files()));
  init(tree, { skipInstall: true });
  expect(readJson(tree, 'package.json').devDependencies).toEqual({
    '@krepis/cli': 'file:/p/cli.tgz',
    '@krepis/package.json': 'file:/p/alias.tgz',
    nx: '23.2.1',
  });
});

test('what is there stays as it is', () => {
  const there =
    '{ "dependencies": { "@krepis/cli": "9.9.9" }, "devDependencies": { "@krepis/package.json": "9.9.9" } }';
  const tree = treeOver(folder(files({ 'package.json': there })));
  init(tree, {});
  expect(tree.listChanges()).toEqual([]);
});

test('krepis.json comes from `krepis init`, only where it is missing, after Nx has written', async () => {
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  for (const [more, expected] of [
    [{}, [['init']]],
    [{ 'krepis.json': '{}' }, []],
  ] as const) {
    const root = folder(files(more));
    const recorded = installKrepis(root, { init: { stdout: 'Wrote krepis.json.\n' } });
    const tree = treeOver(root);
    const callback = init(tree, { skipInstall: true });
    expect(recorded.calls()).toEqual([]);
    flush(tree);
    await callback();
    expect(recorded.calls().map(({ args }) => args)).toEqual(expected);
  }
});

test('a failing `krepis init` fails the generator', async () => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const root = folder(files());
  installKrepis(root, { init: { stderr: 'no package.json', code: 2 } });
  const callback = init(treeOver(root), { skipPackageJson: true });
  await expect(callback()).rejects.toThrow(/KRP7003[\s\S]*ended with 2/);
});

test('the plugin goes into nx.json only where asked for, and once', () => {
  const tree = treeOver(folder(files()));
  init(tree, { skipInstall: true });
  expect(readNxJson(tree)?.plugins).toBeUndefined();
  init(tree, { skipInstall: true, inferTasks: true });
  init(tree, { skipInstall: true, inferTasks: true });
  expect(readNxJson(tree)?.plugins).toEqual(['@krepis/nx']);
});
