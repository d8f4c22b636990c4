/** What Nx is told and asks; the whole command is driven in apps/cli-e2e. */
import type { ProjectGraph, Tree } from '@nx/devkit';
import { createTree } from '@nx/devkit/testing';
import KrepisVersionActions from './version-actions.ts';

interface Settings {
  readonly relationship?: 'fixed' | 'independent';
  readonly resolver?: string;
  readonly options?: object;
  readonly manifestRootsToUpdate?: object[];
}

/** The actions of the projects in these folders, set up as Nx does it. */
async function actionsOf(tree: Tree, roots: readonly string[], settings: Settings = {}) {
  const group = { name: 'all', projectsRelationship: settings.relationship ?? 'fixed', projects: roots };
  const all = [];
  for (const root of roots) {
    const config = {
      manifestRootsToUpdate: settings.manifestRootsToUpdate ?? [],
      preserveLocalDependencyProtocols: true,
      versionPrefix: 'auto',
      versionActionsOptions: settings.options ?? {},
      currentVersionResolver: settings.resolver ?? 'disk',
      adjustSemverBumpsForZeroMajorVersion: false,
    };
    const node = { name: root, type: 'lib', data: { root } };
    const actions = Reflect.construct(KrepisVersionActions, [group, node, config]) as KrepisVersionActions;
    await actions.init(tree);
    all.push(actions);
  }
  return all;
}

const graphOf = (roots: readonly string[]) =>
  ({
    nodes: Object.fromEntries(roots.map((root) => [root, { name: root, type: 'lib', data: { root } }])),
    dependencies: {},
  }) as unknown as ProjectGraph;

function treeOf(files: Readonly<Record<string, string>>): Tree {
  const tree = createTree();
  for (const [path, text] of Object.entries(files)) tree.write(path, text);
  return tree;
}

const FILES = {
  'Cargo.toml': '[workspace]\nmembers = ["a"]\n[workspace.package]\nversion = "0.1.0"\n',
  'Cargo.lock': 'version = 4\n\n[[package]]\nname = "a"\nversion = "0.1.0"\n',
  'a/Cargo.toml': '[package]\nname = "a"\nversion.workspace = true\n',
  'b/package.json': '{ "name": "b", "version": "0.1.0" }',
  'c/package.json': '{ "name": "c", "private": true, "dependencies": { "b": "^0.1.0" } }',
  'package.json': '{ "name": "root", "version": "0.1.0" }',
};

test("the current version is read where it stands; a package without one has the group's", async () => {
  const tree = treeOf(FILES);
  const [a, b, c] = await actionsOf(tree, ['a', 'b', 'c']);
  const read = (actions?: KrepisVersionActions) => actions?.readCurrentVersionFromSourceManifest(tree);
  expect(await read(a)).toEqual({ currentVersion: '0.1.0', manifestPath: 'Cargo.toml' });
  expect(await read(b)).toEqual({ currentVersion: '0.1.0', manifestPath: 'b/package.json' });
  expect(await read(c)).toEqual({ currentVersion: '0.1.0', manifestPath: 'Cargo.toml' });
  const [alone] = await actionsOf(tree, ['c'], { relationship: 'independent' });
  expect(await read(alone)).toBeNull();
});

test("every file written, lock files too, is kept from Nx's formatter", async () => {
  const tree = treeOf(FILES);
  const roots = ['a', 'b', 'c'];
  const all = await actionsOf(tree, roots, { options: { versions: ['package.json'] } });
  for (const actions of all) await actions.updateProjectVersion(tree, '0.2.0');
  const messages = [];
  for (const actions of all) messages.push(...(await actions.updateProjectDependencies(tree, graphOf(roots))));
  expect(messages).toEqual(['✍️  Carried over to Cargo.lock', '✍️  Carried over to c/package.json']);
  const kept = new Set(
    all
      .flatMap((actions) => (actions.excludeManifestsFromFormatting ? actions.manifestsToUpdate : []))
      .map(({ manifestPath }) => manifestPath),
  );
  expect([...kept].sort()).toEqual(['Cargo.lock', 'Cargo.toml', 'b/package.json', 'c/package.json', 'package.json']);
  for (const path of kept) expect(tree.read(path, 'utf8')).toContain('0.2.0');
});

test.each([
  ['disk', '0.1.0', true],
  ['git-tag', '0.1.0', true],
  ['git-tag', '3.0.0', false],
])('versions that disagree, current version from %s: %s', async (resolver, current, refused) => {
  const tree = treeOf({ ...FILES, 'b/package.json': '{ "name": "b", "version": "0.0.0" }' });
  const [a] = await actionsOf(tree, ['a', 'b'], { resolver });
  const bump = (to: string) => a?.calculateNewVersion(current, to, 'USER_SPECIFIER', {}, '');
  if (refused)
    await expect(bump('minor')).rejects.toThrow(/KRP7040[\s\S]*0\.0\.0 {2}b\/package.json\n *0\.1\.0 {2}Cargo.toml/);
  else expect((await bump('minor'))?.newVersion).toBe('3.1.0');
  expect((await bump('1.0.0'))?.newVersion).toBe('1.0.0');
});

test('projects of an independent group may differ', async () => {
  const tree = treeOf({ ...FILES, 'b/package.json': '{ "name": "b", "version": "0.9.0" }' });
  const [a] = await actionsOf(tree, ['a', 'b'], { relationship: 'independent' });
  expect((await a?.calculateNewVersion('0.1.0', 'minor', 'USER_SPECIFIER', {}, ''))?.newVersion).toBe('0.2.0');
});

test('a project without manifests is named', async () => {
  const tree = treeOf(FILES);
  const [proto] = await actionsOf(tree, ['proto']);
  await expect(proto?.validate(tree)).rejects.toThrow(/KRP7041[\s\S]*at: proto/);
});

test('manifestRootsToUpdate: built packages are written in place of the sources', async () => {
  const tree = treeOf({ ...FILES, 'dist/b/package.json': '{ "name": "b", "version": "0.0.1" }' });
  const [b] = await actionsOf(tree, ['b'], {
    manifestRootsToUpdate: [{ path: '{workspaceRoot}/dist/{projectRoot}', preserveLocalDependencyProtocols: false }],
  });
  await b?.updateProjectVersion(tree, '0.2.0');
  expect(tree.read('dist/b/package.json', 'utf8')).toBe('{ "name": "b", "version": "0.2.0" }');
  expect(tree.read('b/package.json', 'utf8')).toBe(FILES['b/package.json']);
});

test('how one project asks for another is told to Nx', async () => {
  const tree = treeOf({
    ...FILES,
    'd/Cargo.toml':
      '[package]\nname = "d"\nversion = "0.1.0"\n[build-dependencies]\na = { path = "../a", version = "~0.1" }\n',
  });
  const [c, d] = await actionsOf(tree, ['c', 'd']);
  expect(await c?.readCurrentVersionOfDependency(tree, graphOf(['b', 'c']), 'b')).toEqual({
    currentVersion: '^0.1.0',
    dependencyCollection: 'dependencies',
  });
  expect(await d?.readCurrentVersionOfDependency(tree, graphOf(['a', 'd']), 'a')).toEqual({
    currentVersion: '~0.1',
    dependencyCollection: 'build-dependencies',
  });
});

test('settings that are no list of patterns are refused', async () => {
  const tree = treeOf(FILES);
  const [a] = await actionsOf(tree, ['a'], { options: { versions: 'package.json' } });
  await expect(a?.updateProjectVersion(tree, '0.2.0')).rejects.toThrow(/KRP7044[\s\S]*versionActionsOptions.versions/);
});
