import type { Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { syncCrates } from './generator.ts';

const crate = (name: string, more = '') => `[package]\nname = "${name}"\n${more}`;

function workspace(files: Record<string, string>): Tree {
  const tree = createTreeWithEmptyWorkspace();
  for (const [path, text] of Object.entries(files)) tree.write(path, text);
  return tree;
}

/** Runs the generator over the manifests of a tree, twice: the second run must find nothing. */
function sync(tree: Tree, exclude: string[] = []) {
  const manifests = () =>
    tree
      .listChanges()
      .filter(({ type, path }) => type !== 'DELETE' && path.endsWith('Cargo.toml'))
      .map(({ path }) => path);
  const result = syncCrates(tree, manifests(), { exclude });
  expect(syncCrates(tree, manifests(), { exclude })).toBeUndefined();
  return result;
}
const text = (tree: Tree, path = 'Cargo.toml') => tree.read(path, 'utf-8');

test('a new crate goes into a sorted list, nothing else changes', () => {
  const before = `# the workspace
[workspace]
resolver = "3"
members = [
  "apps/cli",   # the binary
  "libs/rules",
]

[workspace.dependencies]
serde = { version = "1",   features = ["derive"] } # as it is
`;
  const tree = workspace({
    'Cargo.toml': before,
    'apps/cli/Cargo.toml': crate('cli'),
    'libs/rules/Cargo.toml': crate('rules'),
    'libs/new/Cargo.toml': crate('new'),
  });
  expect(sync(tree)).toEqual({
    outOfSyncMessage: 'Cargo workspaces do not list the crates that are there.',
    outOfSyncDetails: ['Cargo.toml:', '  - Missing members: libs/new'],
  });
  expect(text(tree)).toBe(before.replace('  "libs/rules"', '  "libs/new",\n  "libs/rules"'));
});

test('a member without a Cargo.toml goes, from the default members too; its pattern neighbour stays', () => {
  const tree = workspace({
    'Cargo.toml': `[workspace]\nmembers = ["gone", "libs/*"]\ndefault-members = ["gone", "libs/a"]\n`,
    'libs/a/Cargo.toml': crate('a'),
  });
  expect(sync(tree)?.outOfSyncDetails).toEqual([
    'Cargo.toml:',
    '  - Members without a Cargo.toml: gone',
    '  - Default members without a Cargo.toml: gone',
  ]);
  expect(text(tree)).toBe(`[workspace]\nmembers = ["libs/*"]\ndefault-members = ["libs/a"]\n`);
});

test.each([
  ['by name', { 'Cargo.toml': '[workspace]\nmembers = ["a"]', 'a/Cargo.toml': crate('a') }],
  ['by pattern', { 'Cargo.toml': '[workspace]\nmembers = ["libs/*"]', 'libs/a/Cargo.toml': crate('a') }],
  ['by a deep pattern', { 'Cargo.toml': '[workspace]\nmembers = ["**"]', 'x/y/a/Cargo.toml': crate('a') }],
  ['by exclude', { 'Cargo.toml': '[workspace]\nexclude = ["vendor"]', 'vendor/a/Cargo.toml': crate('a') }],
  ['by a table of its own', { 'Cargo.toml': '[workspace]', 'a/Cargo.toml': crate('a', '[workspace]\n') }],
  [
    'by a path dependency of a member, inherited from the workspace',
    {
      'Cargo.toml': '[workspace]\nmembers = ["a"]\n[workspace.dependencies]\nb = { path = "b" }',
      'a/Cargo.toml': crate('a', '[target."cfg(unix)".dev-dependencies]\nb.workspace = true\n'),
      'b/Cargo.toml': crate('b'),
    },
  ],
  ['as no part of any workspace', { 'a/Cargo.toml': crate('a') }],
  ['as a nested virtual workspace', { 'Cargo.toml': '[workspace]', 'a/Cargo.toml': '[workspace]\n' }],
  ['in fixtures', { 'Cargo.toml': '[workspace]', 'fixtures/a/Cargo.toml': 'not = [ toml' }],
  ['in templates', { 'Cargo.toml': '[workspace]', 'templates/a/Cargo.toml': '[package]\nname = {{name}}' }],
  [
    'in the tests of a package',
    { 'Cargo.toml': '[workspace]\nmembers = ["a"]', 'a/Cargo.toml': crate('a'), 'a/tests/ui/Cargo.toml': crate('ui') },
  ],
])('covered %s: in sync', (_, files) => {
  const tree = workspace(files as unknown as Record<string, string>);
  const before = text(tree);
  expect(sync(tree)).toBeUndefined();
  expect(text(tree)).toBe(before);
});

test('the option `exclude` covers folders as well; without it they are added', () => {
  const files = { 'Cargo.toml': '[workspace]\nmembers = []\n', 'lab/a/Cargo.toml': crate('a') };
  expect(sync(workspace(files), ['lab/**'])).toBeUndefined();
  const tree = workspace(files);
  expect(sync(tree)?.outOfSyncDetails).toContain('  - Missing members: lab/a');
  expect(text(tree)).toBe('[workspace]\nmembers = ["lab/a"]\n');
});

test('crates in `tests` of a virtual workspace are crates', () => {
  const tree = workspace({ 'Cargo.toml': '[workspace]\nmembers = []\n', 'tests/e2e/Cargo.toml': crate('e2e') });
  sync(tree);
  expect(text(tree)).toBe('[workspace]\nmembers = ["tests/e2e"]\n');
});

test('each crate goes to its own workspace: a nested one, one named by a pointer, one above an exclusion', () => {
  const tree = workspace({
    'Cargo.toml': '[workspace]\nmembers = []\nexclude = ["native"]\n',
    'native/Cargo.toml': "[workspace]\nmembers = [\n    'core',\n]\n",
    'native/core/Cargo.toml': crate('core'),
    'native/addon/Cargo.toml': crate('addon'),
    'tool/Cargo.toml': '[package]\nname = "tool"\nworkspace = "../native"\n',
  });
  expect(sync(tree)?.outOfSyncDetails).toEqual(['native/Cargo.toml:', '  - Missing members: addon, ../tool']);
  expect(text(tree)).toBe('[workspace]\nmembers = []\nexclude = ["native"]\n');
  expect(text(tree, 'native/Cargo.toml')).toBe(
    "[workspace]\nmembers = [\n    '../tool',\n    'addon',\n    'core',\n]\n",
  );
});

test('a member listed explicitly wins over an exclusion above it', () => {
  const tree = workspace({
    'Cargo.toml': '[workspace]\nexclude = ["vendor"]\nmembers = ["vendor/ours"]\n',
    'vendor/ours/Cargo.toml': crate('ours'),
    'vendor/ours/macros/Cargo.toml': crate('macros'),
  });
  expect(sync(tree)?.outOfSyncDetails).toContain('  - Missing members: vendor/ours/macros');
});

test.each([
  ['no list yet', '[workspace]\nresolver = "3"\n', '[workspace]\nmembers = ["a"]\nresolver = "3"\n'],
  ['only a table below', '[workspace.lints]\n', '[workspace]\nmembers = ["a"]\n\n[workspace.lints]\n'],
  ['a root package', `${crate('root')}\n[workspace]`, `${crate('root')}\n[workspace]\nmembers = ["a"]\n`],
  ['unsorted', '[workspace]\nmembers = ["z", "b"]\n', '[workspace]\nmembers = ["z", "b", "a"]\n'],
  ['dotted key', 'workspace.members = ["b"]\n', 'workspace.members = ["a", "b"]\n'],
  ['CRLF', '[workspace]\r\nmembers = [\r\n\t"b",\r\n]\r\n', '[workspace]\r\nmembers = [\r\n\t"a",\r\n\t"b",\r\n]\r\n'],
])('form of the list: %s', (_, before, after) => {
  const files = { 'Cargo.toml': before, 'a/Cargo.toml': crate('a'), 'b/Cargo.toml': crate('b', '[workspace]\n') };
  const tree = workspace({ ...files, 'z/Cargo.toml': crate('z', '[workspace]\n') });
  sync(tree);
  expect(text(tree)).toBe(after);
});

test('an inline table is not edited but explained', () => {
  const tree = workspace({ 'Cargo.toml': 'workspace = { resolver = "3" }\n', 'a/Cargo.toml': crate('a') });
  expect(() => sync(tree)).toThrow(/KRP7030[\s\S]*at: Cargo\.toml[\s\S]*add "a"/);
  expect(text(tree)).toBe('workspace = { resolver = "3" }\n');
});

test('a broken Cargo.toml is an error with its place, and nothing is written', () => {
  const tree = workspace({
    'Cargo.toml': '[workspace]\nmembers = ["gone"]\n',
    'a/Cargo.toml': '[package]\nname = "a"\nversion = = 1\n',
  });
  expect(() => sync(tree)).toThrow(/KRP7010[\s\S]*at: a\/Cargo\.toml:3:\d+/);
  expect(text(tree)).toBe('[workspace]\nmembers = ["gone"]\n');
});

test('100 crates in sync cost milliseconds', () => {
  const names = Array.from({ length: 100 }, (_, index) => `crate-${index}`);
  const files = Object.fromEntries(names.map((name) => [`libs/${name}/Cargo.toml`, crate(name, '[dependencies]\n')]));
  const tree = workspace({ 'Cargo.toml': '[workspace]\nmembers = ["libs/*"]\n', ...files });
  const manifests = ['Cargo.toml', ...Object.keys(files)];
  syncCrates(tree, manifests, {});
  const times = [];
  for (let round = 0; round < 5; round += 1) {
    const start = performance.now();
    expect(syncCrates(tree, manifests, {})).toBeUndefined();
    times.push(performance.now() - start);
  }
  // The best of five: the machine may be busy with other things.
  expect(Math.min(...times)).toBeLessThan(100);
});
