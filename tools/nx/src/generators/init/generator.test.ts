import { flush, folder, installKrepis, removeFolders, treeOver } from '../../testing/workspace.ts';
import init from './generator.ts';

afterEach(removeFolders);

const OWN = JSON.stringify({
  name: '@krepis/nx',
  dependencies: { '@krepis/cli': 'file:/p/cli.tgz', '@krepis/package.json': 'file:/p/alias.tgz', yaml: '2.9.0' },
});
const GENERATORS = JSON.stringify({
  generators: { init: {}, 'sync-crates': {}, 'sync-messages': {}, 'sync-tsconfig': {} },
});
const files = (more: Record<string, string> = {}) => ({
  'package.json': '{ "name": "acme", "devDependencies": { "nx": "23.2.1" } }\n',
  'nx.json': '{}\n',
  'node_modules/@krepis/nx/package.json': OWN,
  'node_modules/@krepis/nx/generators.json': GENERATORS,
  ...more,
});
const CONFIG = '{ "schema": 1 }\n';
const ANSWERS = {
  init: { stdout: JSON.stringify({ schema: 1, change: { files: [{ path: 'krepis.json', text: CONFIG }] } }) },
  observe: { stdout: '{"schema":1,"operation":"01JOPERATION"}' },
  complete: { stdout: '{"schema":1,"operation":"01JOPERATION"}' },
};

/** A workspace with these files, the generator run over it, and what krepis was told. */
async function ran(more: Record<string, string>, options: Parameters<typeof init>[1] = { skipInstall: true }) {
  const root = folder(files(more));
  const krepis = installKrepis(root, ANSWERS);
  const tree = treeOver(root);
  const callback = await init(tree, options);
  const text = (path: string) => tree.read(path, 'utf8') ?? '';
  return { root, tree, callback, krepis, text };
}

test('the companions become direct dev dependencies, in order, from where @krepis/nx itself takes them', async () => {
  const { text } = await ran({
    'package.json': '{\n\t"devDependencies": {\n\t\t"@a/b": "1.0.0",\n\t\t"nx": "23.2.1"\n\t}\n}\n',
  });
  expect(text('package.json')).toBe(`{
\t"devDependencies": {
\t\t"@a/b": "1.0.0",
\t\t"@krepis/cli": "file:/p/cli.tgz",
\t\t"@krepis/package.json": "file:/p/alias.tgz",
\t\t"nx": "23.2.1"
\t}
}
`);
});

test('what is there stays as it is, and then nothing is recorded', async () => {
  const there =
    '{ "dependencies": { "@krepis/cli": "9.9.9" }, "devDependencies": { "@krepis/package.json": "9.9.9" } }';
  const { tree, krepis } = await ran({ 'package.json': there, 'krepis.json': '{}' }, {});
  expect(tree.listChanges()).toEqual([]);
  expect(krepis.calls()).toEqual([]);
});

test('the plugin goes first, so that what other plugins give wins; comments and form of nx.json stay', async () => {
  const { text } = await ran({
    'Cargo.toml': '[workspace]\nmembers = []\n',
    'nx.json': `{
    // Ours.
    "plugins": [
        { "plugin": "@nx/jest/plugin", "options": { "targetName": "test" } } // first
    ],
    "namedInputs": { "default": ["{projectRoot}/**/*"] }
}
`,
  });
  expect(text('nx.json')).toBe(`{
    // Ours.
    "plugins": [
        "@krepis/nx",
        { "plugin": "@nx/jest/plugin", "options": { "targetName": "test" } } // first
    ],
    "namedInputs": { "default": ["{projectRoot}/**/*"] },
    "sync": {
        "globalGenerators": [
            "@krepis/nx:sync-crates"
        ]
    }
}
`);
});

test('a sync generator is registered only where its input exists and this version of the plugin has it', async () => {
  const { text } = await ran({
    'buf.gen.yaml': 'version: v2\n',
    'buf.yaml': 'version: v2\n',
    'libs/native/package.json': '{ "name": "native", "napi": { "binaryName": "native" } }',
    'nx.json': '{ "sync": { "globalGenerators": ["mine:sync"] } }',
  });
  expect(JSON.parse(text('nx.json')).sync.globalGenerators).toEqual(['mine:sync', '@krepis/nx:sync-messages']);
});

test('references between tsconfig files are kept in sync, unless the plugin of @nx/js does', async () => {
  const composite = { 'libs/a/tsconfig.lib.json': '{ "compilerOptions": { "composite": true } }' };
  const ours = await ran(composite);
  expect(JSON.parse(ours.text('nx.json')).sync.globalGenerators).toEqual(['@krepis/nx:sync-tsconfig']);
  const theirs = await ran({ ...composite, 'nx.json': '{ "plugins": ["@nx/js/typescript"] }' });
  expect(JSON.parse(theirs.text('nx.json')).sync).toBeUndefined();
});

test('nothing to infer, or `--inferTasks=false`: nx.json stays', async () => {
  const plain = await ran({});
  expect(plain.tree.listChanges().map(({ path }) => path)).toEqual(['package.json', 'krepis.json']);
  const off = await ran({ 'Cargo.toml': '[workspace]\n' }, { skipInstall: true, inferTasks: false });
  expect(off.tree.listChanges().map(({ path }) => path)).toEqual(['package.json', 'krepis.json']);
});

test('`release` is touched only by --release, and never where version actions are named', async () => {
  const cargo = { 'Cargo.toml': '[workspace]\n' };
  const release = async (text: string, options = {}) => {
    const { text: read } = await ran({ ...cargo, 'nx.json': text }, { skipInstall: true, ...options });
    return JSON.parse(read('nx.json')).release;
  };
  expect(await release('{}')).toBeUndefined();
  expect(await release('{}', { release: true })).toEqual({
    projectsRelationship: 'fixed',
    version: { versionActions: '@krepis/nx/release' },
  });
  const own = { projectsRelationship: 'independent', version: { versionActions: './mine.ts' } };
  expect(await release(JSON.stringify({ release: own }), { release: true })).toEqual(own);
});

test('a second run changes nothing', async () => {
  const { root, tree, callback } = await ran({ 'Cargo.toml': '[workspace]\nmembers = []\n' });
  flush(tree);
  await callback();
  const again = treeOver(root);
  await init(again, { skipInstall: true });
  expect(again.listChanges()).toEqual([]);
});

test('krepis.json is what `krepis init` proposes; one operation holds all files, closed after the callback', async () => {
  const { root, tree, callback, krepis, text } = await ran({ 'Cargo.toml': '[workspace]\n' });
  expect(text('krepis.json')).toBe(CONFIG);
  const observed = krepis.calls().find(({ args }) => args.includes('observe'));
  expect(observed?.args.slice(0, 2)).toEqual(['-C', root]);
  expect(JSON.parse(observed?.input ?? '').files.map(({ path }: { path: string }) => path)).toEqual([
    'package.json',
    'nx.json',
    'krepis.json',
  ]);
  expect(krepis.calls().some(({ args }) => args.includes('complete'))).toBe(false);
  flush(tree);
  await callback();
  expect(krepis.calls().at(-1)?.args).toEqual(['-C', root, 'history', 'complete', '01JOPERATION', '--json']);
});

test('the lock file that the installation rewrites belongs to the operation', async () => {
  const { krepis } = await ran({ 'pnpm-lock.yaml': 'lockfileVersion: 9\n', 'pnpm-workspace.yaml': '' }, {});
  const observed = krepis.calls().find(({ args }) => args.includes('observe'));
  const paths = JSON.parse(observed?.input ?? '').files.map(({ path }: { path: string }) => path);
  expect(paths).toEqual(expect.arrayContaining(['pnpm-lock.yaml', 'pnpm-workspace.yaml']));
});

test('a dry run records nothing', async () => {
  process.env.NX_DRY_RUN = 'true';
  try {
    const { krepis, text } = await ran({});
    expect(text('krepis.json')).toBe(CONFIG);
    expect(krepis.calls().filter(({ args }) => args.includes('history'))).toEqual([]);
  } finally {
    delete process.env.NX_DRY_RUN;
  }
});

test('a failing `krepis init` fails the generator, and the tree is not written', async () => {
  const root = folder(files());
  installKrepis(root, { init: { stderr: 'no package.json', code: 2 } });
  await expect(init(treeOver(root), {})).rejects.toThrow(/KRP7003[\s\S]*ended with 2/);
});

test('without nx.json, and with one that does not parse: an error that says what to do', async () => {
  const { 'nx.json': _, ...bare } = files();
  await expect(init(treeOver(folder(bare)), {})).rejects.toThrow(/KRP7050[\s\S]*npx nx@23\.2\.1 init/);
  const broken = folder(files({ 'nx.json': '{\n  "plugins": [\n}\n' }));
  await expect(init(treeOver(broken), {})).rejects.toThrow(/KRP7051[\s\S]*at: nx\.json:3:1/);
});
