import { logger } from '@nx/devkit';
import { parse } from 'smol-toml';
import { folder, removeFolders, treeOver } from '../../testing/workspace.ts';
import addon from '../addon/generator.ts';
import crate from './generator.ts';

beforeEach(() => {
  jest.spyOn(logger, 'info').mockReturnValue(undefined);
});
afterEach(() => {
  removeFolders();
  jest.restoreAllMocks();
});

const BASE = {
  'nx.json': '{}\n',
  'package.json': '{ "name": "@acme/source" }\n',
  'node_modules/@krepis/nx/package.json': '{ "name": "@krepis/nx" }',
  'node_modules/@krepis/nx/generators.json': '{ "generators": { "sync-crates": {}, "sync-platforms": {} } }',
};
const tree = (files: Record<string, string> = {}) => treeOver(folder({ ...BASE, ...files }));

test('what the workspace hands down is inherited', async () => {
  const over = tree({
    'Cargo.toml': `[workspace]
members = ["libs/*"]
[workspace.package]
version = "1.2.3"
edition = "2021"
license = "MIT"
[workspace.lints.rust]
unsafe_code = "forbid"
`,
  });
  await crate(over, { directory: 'libs/geo', kind: 'library', tags: 'a, b' });
  expect(over.read('libs/geo/Cargo.toml', 'utf8')).toBe(`[package]
name = "geo"
version.workspace = true
edition.workspace = true
license.workspace = true

[package.metadata.nx]
tags = ["a","b"]

[lints]
workspace = true
`);
  expect(over.listChanges().map(({ path }) => path)).not.toContain('Cargo.toml');
});

test('the first crate makes the workspace, registers the plugin and leaves target/ to nobody', async () => {
  const over = tree({ '.gitignore': 'node_modules' });
  await crate(over, { directory: './apps/tool/', kind: 'binary' });
  expect(parse(over.read('Cargo.toml', 'utf8') ?? '')).toEqual({
    workspace: { resolver: '3', members: ['apps/tool'] },
  });
  expect(over.read('.gitignore', 'utf8')).toBe('node_modules\n/target\n');
  expect(JSON.parse(over.read('nx.json', 'utf8') ?? '')).toEqual({
    plugins: ['@krepis/nx'],
    sync: { globalGenerators: ['@krepis/nx:sync-crates'] },
  });
  expect(over.exists('apps/tool/src/main.rs')).toBe(true);
  expect(over.exists('apps/tool/project.json')).toBe(false);
});

test('an addon takes the workspace’s napi, its scope, and is a package of the workspace', async () => {
  const over = tree({
    'Cargo.toml': '[workspace]\nmembers = []\n[workspace.dependencies]\nnapi = { version = "3" }\nnapi-derive = "3"\n',
  });
  await addon(over, { directory: 'libs/My_Native', name: 'my_native', skipInstall: true });
  const manifest = parse(over.read('libs/My_Native/Cargo.toml', 'utf8') ?? '');
  expect(manifest.dependencies).toEqual({ napi: { workspace: true }, 'napi-derive': { workspace: true } });
  expect(manifest['build-dependencies']).toEqual({ 'napi-build': '2' });
  expect(JSON.parse(over.read('libs/My_Native/package.json', 'utf8') ?? '')).toMatchObject({
    name: '@acme/my-native',
    napi: { binaryName: 'my_native' },
  });
  expect(JSON.parse(over.read('package.json', 'utf8') ?? '').workspaces).toEqual(['libs/My_Native']);
  expect(JSON.parse(over.read('nx.json', 'utf8') ?? '').sync.globalGenerators).toContain('@krepis/nx:sync-platforms');
});

test.each([
  [{ directory: 'libs/there' }, /KRP7052/],
  [{ directory: '../outside' }, /KRP7005/],
  [{ directory: '.' }, /KRP7005/],
  [{ directory: 'libs/1st' }, /KRP7053/],
  [{ directory: 'libs/match' }, /KRP7053/],
  [{ directory: 'libs/x', edition: '20' }, /KRP7057/],
])('%j is refused, and nothing is written', async (options, code) => {
  const over = tree({ 'libs/there/README.md': 'mine\n' });
  await expect(crate(over, { kind: 'library', ...options })).rejects.toThrow(code);
  expect(over.listChanges()).toEqual([]);
});

test('a broken root Cargo.toml: its place, and nothing is written', async () => {
  const over = tree({ 'Cargo.toml': '[workspace]\nmembers = [\n' });
  await expect(crate(over, { directory: 'libs/x' })).rejects.toThrow(/KRP7010[\s\S]*at: Cargo\.toml:\d/);
  expect(over.listChanges()).toEqual([]);
});
