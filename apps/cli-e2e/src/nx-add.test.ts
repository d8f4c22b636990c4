/** `nx add @krepis/nx` and the generators for crates, in a workspace as users have it: set up, working, and taken back. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { krepisOk, ok } from './krepis.ts';
import { commit, copyOf, packedPlugin, read, status, typed, typedOk } from './nx.ts';
import { removeTemporary, snapshot, temporary, write } from './workspace.ts';

jest.setTimeout(600_000);

/** An existing workspace: a Cargo workspace, TypeScript packages, a plugin of its own that infers `test`. */
const FILES: Record<string, string> = {
  'package.json': `{
    "name": "@acme/source",
    "private": true,
    "workspaces": [
        "packages/*"
    ],
    "devDependencies": {
        "@nx/devkit": "23.2.1",
        "nx": "23.2.1",
        "typescript": "~6.0.3"
    }
}
`,
  'nx.json': `{
    // Tests run by a tool of our own.
    "plugins": [ "./tools/own-plugin.cjs" ],
    "analytics": false, "neverConnectToCloud": true
}
`,
  '.npmrc': '@krepis:registry=http://127.0.0.1:9/\n',
  '.gitignore': 'node_modules\ntarget\n.nx\ndist\n',
  'tools/own-plugin.cjs': `module.exports = {
  name: 'own',
  createNodesV2: ['**/own.config.json', (files) => files.map((file) => {
    const root = file.slice(0, -'/own.config.json'.length);
    return [file, { projects: { [root]: { targets: { test: { command: 'echo tested by our own tool' } } } } }];
  })],
};
`,
  'Cargo.toml': '[workspace]\nresolver = "3"\nmembers = ["crates/*", "packages/mixed"]\n',
  'crates/ast/Cargo.toml': '[package]\nname = "ast"\nversion = "0.1.0"\nedition = "2024"\n',
  'crates/ast/src/lib.rs':
    'pub fn answer() -> u32 {\n    42\n}\n\n#[test]\nfn is_42() {\n    assert_eq!(answer(), 42);\n}\n',
  'crates/tool/Cargo.toml':
    '[package]\nname = "tool"\nversion = "0.1.0"\nedition = "2024"\n\n[dependencies]\nast = { path = "../ast" }\n',
  'crates/tool/src/main.rs': 'fn main() {\n    println!("{}", ast::answer());\n}\n',
  'packages/web/package.json': '{ "name": "@acme/web", "version": "0.1.0", "private": true }\n',
  'packages/web/tsconfig.json':
    '{ "compilerOptions": { "strict": true, "noEmit": true, "types": [], "module": "nodenext", "moduleResolution": "nodenext" }, "include": ["src"] }\n',
  'packages/web/src/index.ts': 'export const title: string = "web";\n',
  'packages/web/own.config.json': '{}\n',
  'packages/mixed/package.json': '{ "name": "mixed", "version": "0.1.0", "private": true }\n',
  'packages/mixed/Cargo.toml': '[package]\nname = "mixed"\nversion = "0.1.0"\nedition = "2024"\n',
  'packages/mixed/src/lib.rs': 'pub fn nothing() {}\n',
  'packages/mixed/own.config.json': '{}\n',
};

const npm = ['--prefer-offline', '--no-audit', '--no-fund'];
/** Cargo has nothing to fetch for these crates. */
const ENV = { CARGO_NET_OFFLINE: 'true' };
let tarball: string;
/** The workspace as it is before, with the plugin installed, and set up by `init`. */
let bare: string;
let installed: string;
let initialised: string;

beforeAll(() => {
  // That was this repository's; in the workspaces artefacts lie where users have them.
  delete process.env.CARGO_TARGET_DIR;
  tarball = packedPlugin();
  bare = join(temporary(), 'bare');
  write(bare, FILES);
  ok('npm', ['install', ...npm], bare);
  ok('cargo', ['generate-lockfile', '--offline'], bare);
  commit(bare);
  installed = copyOf(bare);
  ok('npm', ['install', '--save-dev', ...npm, `file:${tarball}`], installed);
  commit(installed);
  initialised = copyOf(installed);
  typedOk(initialised, 'nx g @krepis/nx:init --skipInstall', ENV);
});
afterAll(removeTemporary);

const graph = (root: string) => {
  const file = join(temporary(), 'graph.json');
  typedOk(root, `nx graph --file=${file}`, ENV);
  return JSON.parse(read('', file)).graph;
};

test('nx add: plugin, sync generators, companions and krepis.json; what is there keeps its form; tasks run; no project.json', () => {
  const root = copyOf(bare);
  const added = typedOk(root, `nx add @krepis/nx@file:${tarball}`, ENV);
  expect(status(root)).not.toContain('project.json');
  expect(read(root, 'nx.json')).toMatch(
    /^\{\n {4}\/\/ Tests run by a tool of our own\.\n {4}"plugins": \[ "@krepis\/nx", "\.\/tools/,
  );
  expect(read(root, 'nx.json')).toContain('    "analytics": false, "neverConnectToCloud": true');
  const manifest = JSON.parse(read(root, 'package.json'));
  for (const name of ['@krepis/cli', '@krepis/nx', '@krepis/package.json']) {
    expect(manifest.devDependencies).toHaveProperty([name]);
  }
  expect(JSON.parse(read(root, 'krepis.json'))).toMatchObject({ schema: 1 });

  const { nodes, dependencies } = graph(root);
  expect(Object.keys(nodes).sort()).toEqual(['@acme/web', 'ast', 'mixed', 'tool']);
  expect(dependencies.tool.map(({ target }: { target: string }) => target)).toContain('ast');
  // What was there wins, in the folder of the crate as well; there it is said, since Cargo's tests would be lost.
  expect(JSON.stringify(nodes['@acme/web'].data.targets.test)).toContain('our own tool');
  expect(nodes['@acme/web'].data.targets).toHaveProperty('typecheck');
  expect(JSON.stringify(nodes.mixed.data.targets.test)).toContain('our own tool');
  expect(added.stdout + added.stderr).toMatch(/`test` of mixed comes from another plugin[\s\S]*testTargetName/);
  expect(added.stdout + added.stderr).not.toMatch(/of ast|of tool|of @acme/);

  const ran = typedOk(root, 'nx run-many -t build test lint typecheck --outputStyle=static', ENV).stdout;
  expect(ran).toMatch(/test is_42 \.\.\. ok/);
  expect(ok(join(root, 'target/debug/tool'), [], root).stdout).toBe('42\n');
});

test('init is one operation: one undo gives every byte back, the lock file’s too; redo does it again', () => {
  const root = copyOf(installed);
  const before = snapshot(root);
  const said = typedOk(root, 'nx g @krepis/nx:init', ENV).stdout;
  expect(said).toContain('`npm install` mends node_modules');
  const after = snapshot(root);
  expect(
    Object.keys(after)
      .filter((path) => after[path] !== before[path])
      .sort(),
  ).toEqual(['krepis.json', 'nx.json', 'package-lock.json', 'package.json']);
  const { operations } = JSON.parse(krepisOk(['history', '--json'], { cwd: root }).stdout);
  expect(operations).toMatchObject([{ kind: 'observed', state: 'done', title: 'nx add @krepis/nx' }]);

  krepisOk(['undo'], { cwd: root });
  expect(snapshot(root)).toEqual(before);
  expect(status(root)).toBe('');
  krepisOk(['redo'], { cwd: root });
  expect(snapshot(root)).toEqual(after);

  // A second time there is nothing to do, and nothing to undo.
  typedOk(root, 'nx g @krepis/nx:init', ENV);
  expect(snapshot(root)).toEqual(after);
  krepisOk(['undo'], { cwd: root });
  expect(snapshot(root)).toEqual(before);
});

test('a dry run shows the files and leaves nothing; --inferTasks=false leaves nx.json', () => {
  const root = copyOf(installed);
  const before = snapshot(root);
  const shown = typedOk(root, 'nx g @krepis/nx:init --dry-run', ENV).stdout;
  for (const line of ['UPDATE nx.json', 'UPDATE package.json', 'CREATE krepis.json']) expect(shown).toContain(line);
  expect(snapshot(root)).toEqual(before);
  expect(readdirSync(root)).not.toContain('.krepis');

  typedOk(root, 'nx g @krepis/nx:init --inferTasks=false --skipInstall', ENV);
  expect(read(root, 'nx.json')).toBe(FILES['nx.json']);
  expect(readdirSync(root)).toContain('krepis.json');
});

test('nx g crate: a library and a program, members of the workspace, whose inferred tasks pass; undone in turn', () => {
  const root = copyOf(initialised);
  const before = snapshot(root);
  typedOk(root, 'nx g @krepis/nx:crate libs/geo --kind=library', ENV);
  typedOk(join(root, 'crates'), 'nx g @krepis/nx:crate greeter --kind=binary --tags=layer:app', ENV);
  expect(read(root, 'Cargo.toml')).toContain('members = ["crates/*", "libs/geo", "packages/mixed"]');
  expect(read(root, 'Cargo.lock')).toMatch(/name = "geo"[\s\S]*name = "greeter"/);
  expect(status(root)).not.toContain('project.json');
  const ran = typedOk(root, 'nx run-many -t build test lint fmt -p geo greeter --outputStyle=static', ENV).stdout;
  expect(ran).toMatch(/adds_what_fits \.\.\. ok/);
  expect(ran).toMatch(/greets_by_name \.\.\. ok/);
  expect(ok(join(root, 'target/debug/greeter'), [], root).stdout).toBe('Hello, world!\n');
  const shown = JSON.parse(typedOk(root, 'nx show project greeter --json', ENV).stdout);
  expect(shown.tags).toContain('layer:app');

  for (const [line, code] of [
    ['nx g @krepis/nx:crate crates/ast --kind=library', 'KRP7052'],
    ['nx g @krepis/nx:crate ../out --kind=library', 'KRP7005'],
    ['nx g @krepis/nx:crate libs/x --kind=library --name=1x', 'KRP7053'],
  ] as const) {
    const refused = typed(root, line, ENV);
    expect(refused.code).not.toBe(0);
    expect(refused.stdout + refused.stderr).toContain(code);
  }

  ok('rm', ['-rf', 'target', 'dist'], root);
  krepisOk(['undo'], { cwd: root });
  krepisOk(['undo'], { cwd: root });
  expect(snapshot(root)).toEqual(before);
});

test('nx g addon: crate and package in one folder; the built addon answers', () => {
  const root = copyOf(initialised);
  const env = { ...ENV, CARGO_NET_OFFLINE: 'false' };
  typedOk(root, 'nx g @krepis/nx:addon packages/native', env);
  expect(JSON.parse(read(root, 'packages/native/package.json'))).toMatchObject({ name: '@acme/native' });
  // `packages/*` covers the package; the crate is named.
  expect(read(root, 'package.json')).toContain('"workspaces": [\n        "packages/*"\n    ]');
  expect(read(root, 'Cargo.toml')).toContain('"packages/native"');
  expect(status(root)).not.toContain('project.json');
  typedOk(root, 'nx run @acme/native:build --outputStyle=static', env);
  expect(ok('node', ['-p', "require('./packages/native').add(2, 3)"], root).stdout).toBe('5\n');
});
