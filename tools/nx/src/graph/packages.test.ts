import { readPackages } from './packages.ts';
import { memoryReader } from './reader.ts';

function packages(files: Record<string, string>) {
  return readPackages(
    Object.keys(files).filter((path) => path.endsWith('package.json')),
    memoryReader(files),
  );
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
  expect(found.map(({ root, dependencies }) => [root, dependencies])).toEqual([
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
  expect(found).toMatchObject({ typescript: true, buildOutput: 'a/out', jest: true });
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
