import type { Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import picomatch from 'picomatch';
import { type PlatformOptions, syncPlatforms } from './generator.ts';

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

const ADDON = {
  name: '@acme/native',
  version: '1.2.3',
  description: 'The native half.',
  license: 'MIT',
  engines: { node: '>= 20' },
  repository: { type: 'git', url: 'https://example.invalid/acme.git' },
  napi: { binaryName: 'acme', targets: ['x86_64-unknown-linux-gnu', 'aarch64-apple-darwin'] },
};
const LINUX = {
  name: '@acme/native-linux-x64-gnu',
  version: '1.2.3',
  cpu: ['x64'],
  main: 'acme.linux-x64-gnu.node',
  files: ['acme.linux-x64-gnu.node'],
  description: 'The native half.',
  license: 'MIT',
  engines: { node: '>= 20' },
  repository: { type: 'git', url: 'https://example.invalid/acme.git' },
  os: ['linux'],
  libc: ['glibc'],
};

function workspace(files: Record<string, string>): Tree {
  const tree = createTreeWithEmptyWorkspace();
  for (const [path, text] of Object.entries(files)) tree.write(path, text);
  return tree;
}

/** Runs the generator twice: the second run must find nothing. */
async function sync(tree: Tree, options: Partial<PlatformOptions> = {}): Promise<string[] | undefined> {
  const glob = async (patterns: readonly string[]) => {
    const matches = picomatch([...patterns]);
    const there = tree.listChanges().filter(({ type }) => type !== 'DELETE');
    return there.map(({ path }) => path).filter((path) => matches(path));
  };
  const result = await syncPlatforms(tree, options, glob);
  expect(await syncPlatforms(tree, options, glob)).toBeUndefined();
  return result?.outOfSyncDetails;
}
const text = (tree: Tree, path: string) => tree.read(path, 'utf-8') ?? '';
const at = (folder: string, file = 'package.json') => `native/npm/${folder}/${file}`;

test('an addon without folders: one package and README per target, as napi writes them', async () => {
  const tree = workspace({ 'native/package.json': json(ADDON) });
  expect(await sync(tree)).toEqual([
    'native/npm/darwin-arm64/README.md:',
    '  - Missing: target aarch64-apple-darwin of @acme/native',
    'native/npm/darwin-arm64/package.json:',
    '  - Missing: target aarch64-apple-darwin of @acme/native',
    'native/npm/linux-x64-gnu/README.md:',
    '  - Missing: target x86_64-unknown-linux-gnu of @acme/native',
    'native/npm/linux-x64-gnu/package.json:',
    '  - Missing: target x86_64-unknown-linux-gnu of @acme/native',
  ]);
  expect(text(tree, at('linux-x64-gnu'))).toBe(json(LINUX));
  expect(text(tree, at('linux-x64-gnu', 'README.md'))).toBe(
    '# `@acme/native-linux-x64-gnu`\n\nThis is the **x86_64-unknown-linux-gnu** binary for `@acme/native`\n',
  );
});

test('a new version and other metadata: only those fields change, fields and files of the user’s own stay', async () => {
  const own = `{
    "name": "@acme/native-linux-x64-gnu",
    "version": "1.2.2",
    "funding": "https://example.invalid/fund",
    "os": [ "linux" ], "cpu": [ "x64" ], "libc": [ "glibc" ],
    "main": "acme.linux-x64-gnu.node",
    "files": [ "acme.linux-x64-gnu.node", "LICENSE" ],
    "description": "The native half.",
    "license": "MIT",
    "repository": { "url": "https://example.invalid/acme.git", "type": "git" },
    "engines": { "node": ">= 18" }
}
`;
  const tree = workspace({
    'native/package.json': json({ ...ADDON, napi: { ...ADDON.napi, targets: ['x86_64-unknown-linux-gnu'] } }),
    [at('linux-x64-gnu')]: own,
    [at('linux-x64-gnu', 'README.md')]: 'Ours.',
  });
  expect(await sync(tree)).toEqual([`${at('linux-x64-gnu')}:`, '  - Not as its addon says: version, engines']);
  const expected = own.replace('1.2.2', '1.2.3').replace('>= 18', '>= 20');
  expect(text(tree, at('linux-x64-gnu'))).toBe(expected);
  expect(text(tree, at('linux-x64-gnu', 'README.md'))).toBe('Ours.');
});

test('a package copied from another platform loses what is not true of its own', async () => {
  const targets = ['x86_64-unknown-linux-gnu', 'aarch64-apple-darwin'];
  const tree = workspace({
    'native/package.json': json({ ...ADDON, napi: { ...ADDON.napi, targets } }),
    [at('linux-x64-gnu')]: json(LINUX),
    [at('darwin-arm64')]: json(LINUX),
  });
  expect(await sync(tree)).toContain('  - Not as its addon says: name, cpu, main, files, os, libc');
  expect(JSON.parse(text(tree, at('darwin-arm64')))).toMatchObject({
    files: ['acme.darwin-arm64.node'],
    os: ['darwin'],
  });
  expect(JSON.parse(text(tree, at('darwin-arm64')))).not.toHaveProperty('libc');
});

test('a target that is gone: its package and made README go; what someone put there, and other folders, stay', async () => {
  const tree = workspace({
    'native/package.json': json({ ...ADDON, napi: { ...ADDON.napi, targets: ['x86_64-unknown-linux-gnu'] } }),
    [at('linux-x64-gnu')]: json(LINUX),
    [at('win32-x64-msvc')]: json({ ...LINUX, name: '@acme/native-win32-x64-msvc' }),
    [at('win32-x64-msvc', 'README.md')]:
      '# `@acme/native-win32-x64-msvc`\n\nThis is the **x** binary for `@acme/native`\n',
    [at('win32-x64-msvc', 'NOTES.md')]: 'Keep me.',
    'native/npm/tools/package.json': json({ name: 'something-else', version: '9.0.0' }),
  });
  const details = await sync(tree);
  expect(details).toContain('  - Superfluous: @acme/native has no such target (left in place: NOTES.md)');
  expect(tree.exists(at('win32-x64-msvc'))).toBe(false);
  expect(tree.exists(at('win32-x64-msvc', 'README.md'))).toBe(false);
  expect(tree.exists(at('win32-x64-msvc', 'NOTES.md'))).toBe(true);
  expect(tree.exists('native/npm/tools/package.json')).toBe(true);
});

test.each([
  ['exact versions', '1.2.2', '1.2.3'],
  ['ranges', '^1.2.2', '^1.2.3'],
  ['the workspace protocol', 'workspace:*', 'workspace:*'],
])('optional dependencies are exactly the targets, in the form they have: %s', async (_, before, after) => {
  const addon = json({
    ...ADDON,
    optionalDependencies: { '@acme/native-tools': '3.0.0', '@acme/native-win32-x64-msvc': before },
  });
  const tree = workspace({ 'native/package.json': addon });
  const details = await sync(tree);
  expect(details).toContain('  - Missing optionalDependencies: @acme/native-darwin-arm64, @acme/native-linux-x64-gnu');
  expect(details).toContain('  - Superfluous optionalDependencies: @acme/native-win32-x64-msvc');
  expect(text(tree, 'native/package.json')).toBe(
    json({
      ...ADDON,
      optionalDependencies: {
        '@acme/native-darwin-arm64': after,
        '@acme/native-linux-x64-gnu': after,
        '@acme/native-tools': '3.0.0',
      },
    }),
  );
});

test('without any of them in optionalDependencies (the usual: `napi prepublish` writes them) none are added', async () => {
  const tree = workspace({ 'native/package.json': json(ADDON) });
  await sync(tree);
  expect(text(tree, 'native/package.json')).toBe(json(ADDON));
});

test.each([
  [
    'a script of the package makes them',
    { 'native/package.json': json({ ...ADDON, scripts: { x: 'napi create-npm-dirs' } }) },
  ],
  [
    'a workflow makes them',
    { 'native/package.json': json(ADDON), '.github/workflows/ci.yml': 'run: pnpm napi create-npm-dirs\n' },
  ],
  ['no targets', { 'native/package.json': json({ ...ADDON, napi: { binaryName: 'acme' } }) }],
  ['no addon', { 'native/package.json': json({ name: 'x', dependencies: { napi: '1' } }) }],
  ['a fixture', { 'native/fixtures/package.json': json(ADDON) }],
])('nothing is made: %s', async (_, files) => {
  expect(await sync(workspace(files as unknown as Record<string, string>))).toBeUndefined();
});

test('options: `create` decides over the scripts; `exclude` leaves an addon alone', async () => {
  const files = { 'native/package.json': json({ ...ADDON, scripts: { x: 'napi create-npm-dirs' } }) };
  expect(await sync(workspace(files), { create: true })).toHaveLength(8);
  expect(await sync(workspace({ 'native/package.json': json(ADDON) }), { create: false })).toBeUndefined();
  expect(await sync(workspace({ 'native/package.json': json(ADDON) }), { exclude: ['nat*'] })).toBeUndefined();
});

test('the form of version 2, a configuration of its own, another folder', async () => {
  const v2 = { name: 'old', version: '2.0.0', napi: { name: 'old', package: { name: '@old/x' }, triples: {} } };
  const tree = workspace({
    'old/package.json': json(v2),
    'new/package.json': json({
      name: 'new',
      version: '3.0.0',
      scripts: { build: 'napi build --config-path napi.json', artifacts: 'napi artifacts --npm-dir ./platforms' },
    }),
    'new/napi.json': json({ binaryName: 'new', targets: ['aarch64-linux-android'] }),
  });
  await sync(tree);
  expect(tree.children('old/npm')).toEqual(['win32-x64-msvc', 'darwin-x64', 'linux-x64-gnu']);
  expect(JSON.parse(text(tree, 'old/npm/darwin-x64/package.json'))).toMatchObject({
    name: '@old/x-darwin-x64',
    main: 'old.darwin-x64.node',
  });
  expect(tree.children('new/platforms')).toEqual(['android-arm64']);
});

test.each([
  ['no triple', ['nonsense'], /KRP7034[\s\S]*at: native\/package\.json:\d+:\d+[\s\S]*nonsense/],
  ['one platform twice', ['x86_64-unknown-linux-gnu', 'x86_64-unknown-linux-gnu.2.17'], /KRP7034[\s\S]*linux-x64-gnu/],
  ['a new WebAssembly package', ['wasm32-wasip1-threads'], /KRP7035[\s\S]*wasm32-wasi\/package\.json is missing/],
])('%s is an error, and nothing is written', async (_, targets, message) => {
  const tree = workspace({ 'native/package.json': json({ ...ADDON, napi: { ...ADDON.napi, targets } }) });
  await expect(sync(tree)).rejects.toThrow(message);
  expect(tree.exists('native/npm')).toBe(false);
});

test('a WebAssembly package that is there follows its addon; its dependencies and engines stay', async () => {
  const tree = workspace({
    'native/package.json': json({ ...ADDON, napi: { ...ADDON.napi, targets: ['wasm32-wasip1-threads'] } }),
    'native/npm/wasm32-wasi/package.json': json({
      name: '@acme/native-wasm32-wasi',
      version: '1.0.0',
      engines: { node: '>=23.5.0' },
      dependencies: { '@emnapi/core': '1.4.5' },
    }),
  });
  await sync(tree);
  expect(JSON.parse(text(tree, 'native/npm/wasm32-wasi/package.json'))).toMatchObject({
    version: '1.2.3',
    main: 'acme.wasi.cjs',
    type: 'module',
    engines: { node: '>=23.5.0' },
    dependencies: { '@emnapi/core': '1.4.5' },
  });
});
