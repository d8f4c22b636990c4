import { readPackages } from './packages.ts';
import { memoryReader } from './reader.ts';

function packages(files: Record<string, string>) {
  return readPackages(Object.keys(files), memoryReader(files));
}

const json = (value: unknown) => JSON.stringify(value);

test('members come from pnpm-workspace.yaml, with its exclusions; other package.json files are no projects', () => {
  const found = packages({
    'pnpm-workspace.yaml': "packages:\n  - libs/*\n  - '!libs/old'\n",
    'package.json': json({ name: 'root' }),
    'libs/a/package.json': json({ name: '@acme/a' }),
    'libs/old/package.json': json({ name: 'old' }),
    'libs/a/fixtures/x/package.json': 'not JSON at all {',
    'examples/shop/package.json': json({ name: 'shop' }),
  });
  expect(found.map(({ name }) => name)).toEqual(['@acme/a']);
});

test('without it, from workspaces of package.json, in both forms; and any folder with a project.json', () => {
  const rest = { 'libs/a/package.json': json({ name: 'a' }), 'tools/b/package.json': json({ name: 'b' }) };
  expect(packages({ 'package.json': json({ workspaces: ['libs/*'] }), ...rest }).map(({ name }) => name)).toEqual([
    'a',
  ]);
  expect(
    packages({
      'package.json': json({ workspaces: { packages: ['libs/*'] } }),
      ...rest,
      'tools/b/project.json': '{}',
    }).map(({ name }) => name),
  ).toEqual(['a', 'b']);
});

test('edges by workspace:, by alias, by version and by file:, in every table; never to itself', () => {
  const found = packages({
    'package.json': json({ workspaces: ['libs/*'] }),
    'libs/a/package.json': json({ name: 'a', dependencies: { a: '1.0.0' } }),
    'libs/b/package.json': json({ name: 'b' }),
    'libs/c/package.json': json({ name: 'c' }),
    'libs/d/package.json': json({
      name: 'd',
      dependencies: { a: 'workspace:*', fastify: '5.0.0' },
      devDependencies: { other: 'workspace:b@*' },
      peerDependencies: { c: '^1.0.0' },
    }),
    'libs/e/package.json': json({ name: 'e', dependencies: { d: 'file:../d' } }),
  });
  expect(found.map(({ root, dependencies }) => [root, dependencies.map((dependency) => dependency.root)])).toEqual([
    ['libs/a', []],
    ['libs/b', []],
    ['libs/c', []],
    ['libs/d', ['libs/a', 'libs/b', 'libs/c']],
    ['libs/e', ['libs/d']],
  ]);
});

test('what a package can do follows from its files', () => {
  const [found] = packages({
    'package.json': json({ workspaces: ['a'] }),
    'a/package.json': json({ name: 'a' }),
    'a/tsconfig.json': '{}',
    'a/tsconfig.build.json': '{ // comments are allowed\n "compilerOptions": { "outDir": "./out" }, }',
    'a/jest.config.cjs': '',
  });
  expect(found).toMatchObject({
    typescript: true,
    build: { config: 'tsconfig.build.json', output: 'a/out' },
    tests: 'jest',
    private: true,
  });
});

test.each([
  [
    'package.json',
    { 'package.json': '{ "workspaces": ["a"] }', 'a/package.json': '{\n  "name": "a",\n  oops\n}' },
    'a/package.json:3:3',
  ],
  [
    'pnpm-workspace.yaml',
    { 'pnpm-workspace.yaml': 'packages:\n  - [a\n', 'package.json': '{}' },
    'pnpm-workspace.yaml:3',
  ],
])('a broken %s is an error with its place', (_, files, place) => {
  expect(() => packages(files as unknown as Record<string, string>)).toThrow(
    new RegExp(`KRP7012[\\s\\S]*at: ${place}`),
  );
});

test('a range that the local version does not satisfy is another package; a catalog or a tag may be the local one', () => {
  const found = packages({
    'package.json': json({ workspaces: ['*'] }),
    'a/package.json': json({ name: 'a', version: '4.1.0' }),
    'b/package.json': json({ name: 'b', dependencies: { a: '^3' } }),
    'c/package.json': json({ name: 'c', dependencies: { a: '^4' } }),
    'd/package.json': json({ name: 'd', devDependencies: { a: 'catalog:' } }),
  });
  expect(found.map(({ dependencies }) => dependencies)).toEqual([
    [],
    [],
    [{ root: 'a', dev: false }],
    [{ root: 'a', dev: true }],
  ]);
});

test("builds by tsc: a script that is only that, an inherited outDir; any other script stays the user's", () => {
  const build = (scripts: Record<string, string>, files: Record<string, string>) =>
    packages({
      'package.json': json({ workspaces: ['a'] }),
      'a/package.json': json({ name: 'a', scripts }),
      ...files,
    })[0]?.build;
  const config = '{ "compilerOptions": { "outDir": "lib/" } }';
  expect(build({ build: 'tsc' }, { 'a/tsconfig.json': config })).toEqual({
    config: 'tsconfig.json',
    output: 'a/lib',
    script: 'build',
  });
  expect(build({ build: 'tsc -p x.json' }, { 'a/x.json': config })).toMatchObject({
    config: 'x.json',
    output: 'a/lib',
  });
  expect(build({ build: 'tsc' }, { 'a/tsconfig.json': '{}' })).toBeUndefined();
  expect(build({ build: 'tsc && cp a b' }, { 'a/tsconfig.json': config })).toBeUndefined();
  expect(build({}, { 'a/tsconfig.build.json': '{ "extends": "../base.json" }', 'base.json': config })).toMatchObject({
    output: 'lib',
  });
  expect(build({}, { 'a/tsconfig.json': config })).toBeUndefined();
});

test('the root is a package where it is one itself', () => {
  const root = (manifest: object, more = {}) =>
    packages({ 'package.json': json({ name: 'root', workspaces: ['a'], ...manifest }), ...more }).map(
      (found) => found.root,
    );
  expect(root({})).toEqual([]);
  expect(root({ napi: { binaryName: 'x' } }, { 'Cargo.toml': '' })).toEqual(['.']);
  expect(root({}, { 'a/package.json': json({ name: 'a', dependencies: { root: 'workspace:*' } }) })).toEqual([
    'a',
    '.',
  ]);
});

test('two packages of one name are an error that names both', () => {
  expect(() =>
    packages({
      'package.json': json({ workspaces: ['*'] }),
      'a/package.json': json({ name: 'x' }),
      'b/package.json': json({ name: 'x' }),
    }),
  ).toThrow(/KRP7015[\s\S]*b\/package\.json[\s\S]*a\/package\.json/);
});
