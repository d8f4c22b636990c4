import { logger, readJson } from '@nx/devkit';
import { flush, folder, removeFolders, treeOver } from '../../testing/workspace.ts';
import migrate from './generator.ts';
// What `nx g @monodon/rust:binary|library` of 3.0.0 writes, with --napi and --wasm; texts only.
import monodon from './monodon-3.0.0.json' with { type: 'json' };

let said: string[];
beforeEach(() => {
  said = [];
  jest.spyOn(logger, 'info').mockImplementation((text) => void said.push(String(text)));
});
afterEach(() => {
  removeFolders();
  jest.restoreAllMocks();
});

const WORKSPACE: Record<string, string> = {
  ...monodon,
  'node_modules/@krepis/nx/package.json': '{ "name": "@krepis/nx" }',
  'node_modules/@krepis/nx/generators.json': '{ "generators": { "sync-crates": {} } }',
};

async function migrated(more: Record<string, string> = {}, options: Parameters<typeof migrate>[1] = {}) {
  const root = folder({ ...WORKSPACE, ...more });
  const tree = treeOver(root);
  await migrate(tree, { skipInstall: true, ...options });
  return { root, tree, json: (path: string) => readJson(tree, path) };
}

test('no file names @monodon/rust any more, and Cargo files stay', async () => {
  const { root, tree } = await migrated();
  const changed = tree.listChanges().map(({ path }) => path);
  expect(changed.sort()).toEqual([
    'apps/tool/project.json',
    'libs/ast/project.json',
    'libs/libs/native/project.json',
    'libs/libs/wasm/project.json',
    'nx.json',
    'package.json',
  ]);
  flush(tree);
  for (const path of Object.keys(WORKSPACE)) expect(treeOver(root).read(path, 'utf8') ?? '').not.toContain('monodon');
});

test('without configurations to keep, inference gives all of a crate: its project.json goes', async () => {
  const { tree, json } = await migrated({}, { keepConfigurations: false });
  expect(tree.exists('libs/ast/project.json')).toBe(false);
  expect(json('apps/tool/project.json').targets).toEqual({
    run: { command: 'cargo run -p apps_tool', parallelism: false },
  });
  // Its package has another name than the project: the written one stays.
  expect(json('libs/libs/native/project.json')).toMatchObject({ name: 'libs_native' });
  expect(said.join('\n')).toContain(
    'Configuration `production` of `build` is gone; it ran: cargo build -p apps_tool --release',
  );
});

test('tags, other executors’ targets and implicit dependencies keep a project.json', async () => {
  const project = {
    name: 'libs_ast',
    tags: ['layer:core'],
    targets: { build: { executor: '@monodon/rust:check', options: { 'target-dir': 'dist/target/libs_ast' } } },
  };
  const { json } = await migrated({ 'libs/ast/project.json': JSON.stringify(project, null, 2) });
  expect(json('libs/ast/project.json')).toEqual({ name: 'libs_ast', tags: ['layer:core'] });
});

test('nx.json: plugin, defaults of executors and generators, release; comments stay, what goes is said', async () => {
  const text = `{
  // Ours
  "plugins": [{ "plugin": "@monodon/rust", "options": {} }, "@nx/jest/plugin"],
  "targetDefaults": {
    "@monodon/rust:build": { "cache": true, "dependsOn": ["^build"] },
    "test": { "cache": true }
  },
  "generators": { "@monodon/rust:library": { "edition": "2021" } },
  "release": { "version": { "versionActions": "@monodon/rust/src/release/version-actions" } }
}
`;
  const { tree } = await migrated({ 'nx.json': text });
  expect(tree.read('nx.json', 'utf8')).toBe(`{
  // Ours
  "plugins": ["@krepis/nx", "@nx/jest/plugin"],
  "targetDefaults": {
    "test": { "cache": true }
  },
  "release": { "version": { "versionActions": "@krepis/nx/release" } },
  "sync": {
    "globalGenerators": [
      "@krepis/nx:sync-crates"
    ]
  }
}
`);
  const all = said.join('\n');
  expect(all).toContain('targetDefaults of @monodon/rust:build are gone');
  expect(all).toContain('{"edition":"2021"}');
});

test('targets in the `nx` table of a package.json are migrated, too', async () => {
  const manifest = {
    name: '@acme/libs-native',
    nx: { targets: { lint: { executor: '@monodon/rust:lint', options: {} }, docs: { command: 'true' } } },
  };
  const { json } = await migrated({ 'libs/libs/native/package.json': JSON.stringify(manifest, null, 2) });
  expect(json('libs/libs/native/package.json').nx).toEqual({ targets: { docs: { command: 'true' } } });
});

test('files that still name the plugin or its target folders are listed with their lines', async () => {
  await migrated({
    Dockerfile: 'FROM scratch\nCOPY dist/target/apps_tool/release/apps_tool /\n',
    'tools/build.sh': 'npx nx g @monodon/rust:library x\n',
  });
  const all = said.join('\n');
  expect(all).toMatch(/Dockerfile\n {2}- line 2 names a target folder/);
  expect(all).toMatch(/tools\/build\.sh\n {2}- line 1 still names @monodon\/rust/);
});

test('a second run changes nothing and says so', async () => {
  const { root, tree } = await migrated();
  flush(tree);
  const again = treeOver(root);
  const callback = await migrate(again, {});
  expect(again.listChanges()).toEqual([]);
  await callback();
  expect(said.at(-1)).toContain('nothing to migrate');
});

test('a project.json that does not parse: an error with its place, nothing is written', async () => {
  const root = folder({ ...WORKSPACE, 'libs/ast/project.json': '{\n  "targets": { "build": "@monodon/rust",, }\n}\n' });
  const tree = treeOver(root);
  await expect(migrate(tree, {})).rejects.toThrow(/libs\/ast\/project\.json:2:\d+/);
});
