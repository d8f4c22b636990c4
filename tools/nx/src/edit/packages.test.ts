import { folder, removeFolders, treeOver } from '../testing/workspace.ts';
import { addPackage } from './packages.ts';

afterEach(removeFolders);

function added(files: Record<string, string>, path: string): string {
  const tree = treeOver(folder(files));
  addPackage(tree, 'libs/native');
  return tree.read(path, 'utf8') ?? '';
}

test('npm, yarn and bun: `workspaces` of package.json, as a list or in a table', () => {
  expect(added({ 'package.json': '{ "workspaces": ["apps/*"] }' }, 'package.json')).toBe(
    '{ "workspaces": ["apps/*", "libs/native"] }',
  );
  expect(added({ 'package.json': '{ "workspaces": { "packages": ["apps/*"] } }' }, 'package.json')).toBe(
    '{ "workspaces": { "packages": ["apps/*", "libs/native"] } }',
  );
  expect(added({ 'package.json': '{ "name": "a" }' }, 'package.json')).toBe(
    '{ "name": "a", "workspaces": ["libs/native"] }',
  );
});

test('pnpm: one line more in pnpm-workspace.yaml, in the form that is there', () => {
  const yaml = "# ours\npackages:\n    - 'apps/*' # all\nallowBuilds:\n  nx: true\n";
  expect(added({ 'pnpm-workspace.yaml': yaml, 'package.json': '{}' }, 'pnpm-workspace.yaml')).toBe(
    "# ours\npackages:\n    - 'apps/*' # all\n    - libs/native\nallowBuilds:\n  nx: true\n",
  );
  expect(added({ 'pnpm-workspace.yaml': 'allowBuilds:\n  nx: true\n' }, 'pnpm-workspace.yaml')).toBe(
    'allowBuilds:\n  nx: true\npackages:\n  - libs/native\n',
  );
});

test('a pattern that covers the folder is enough; an exclusion does not cover', () => {
  const json = '{ "workspaces": ["./libs/*/"] }';
  expect(added({ 'package.json': json }, 'package.json')).toBe(json);
  expect(added({ 'package.json': '{ "workspaces": ["!libs/*"] }' }, 'package.json')).toContain('"libs/native"');
});

test('a broken pnpm-workspace.yaml is an error with its place', () => {
  expect(() => added({ 'pnpm-workspace.yaml': 'packages: [a\n' }, 'pnpm-workspace.yaml')).toThrow(
    /KRP7051[\s\S]*at: pnpm-workspace\.yaml:\d/,
  );
});
