/** The plugin inside a real Nx: what `nx show`, `nx graph` and `nx run-many` make of it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, removeFolders } from './testing/workspace.ts';

const repository = join(__dirname, '..', '..', '..');
jest.setTimeout(60_000);
afterEach(removeFolders);

const FILES = {
  'nx.json': JSON.stringify({ plugins: [join(__dirname, 'plugin.ts')], analytics: false, neverConnectToCloud: true }),
  'package.json': '{ "name": "root", "private": true, "workspaces": ["libs/*"] }',
  'package-lock.json': '{ "lockfileVersion": 3, "packages": {} }',
  'Cargo.toml': '[workspace]\nmembers = ["crates/*"]\nresolver = "2"',
  'Cargo.lock': 'version = 4\n',
  'crates/leaf/Cargo.toml': '[package]\nname = "acme-leaf"',
  'crates/leaf/src/lib.rs': '',
  'crates/top/Cargo.toml':
    '[package]\nname = "acme-top"\n[dependencies]\nrenamed = { path = "../leaf", package = "acme-leaf" }',
  'crates/top/src/main.rs': 'fn main() {}',
  'libs/web/package.json': '{ "name": "@acme/web" }',
};

function workspace(files: Record<string, string> = FILES): string {
  const root = folder({ ...files, '.gitignore': 'node_modules\n' });
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  spawnSync('git', ['init', '--quiet'], { cwd: root });
  return root;
}

function nx(root: string, ...args: string[]) {
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NX_|JEST_)/.test(name))),
    NX_DAEMON: 'false',
    NX_TUI: 'false',
    NX_ISOLATE_PLUGINS: 'false',
    NX_CACHE_DIRECTORY: join(root, '.nx', 'cache'),
    NX_WORKSPACE_DATA_DIRECTORY: join(root, '.nx', 'data'),
  };
  return spawnSync(process.execPath, [require.resolve('nx/bin/nx.js'), ...args], { cwd: root, env, encoding: 'utf8' });
}

interface Graph {
  readonly nodes: Record<string, { data: { root: string; targets: Record<string, unknown> } }>;
  readonly dependencies: Record<string, { target: string }[]>;
}

test('crates are projects with targets and edges, whatever a dependency is called', () => {
  const root = workspace();
  const run = nx(root, 'graph', '--file=graph.json');
  expect(run.stderr).toBe('');
  const { graph } = JSON.parse(readFileSync(join(root, 'graph.json'), 'utf8')) as { graph: Graph };
  expect(Object.keys(graph.nodes['acme-top']?.data.targets ?? {}).sort()).toEqual([
    'build',
    'check',
    'fmt',
    'lint',
    'test',
  ]);
  expect(graph.dependencies['acme-top']?.map(({ target }) => target)).toEqual(['acme-leaf']);
  expect(Object.keys(graph.nodes).sort()).toEqual(['@acme/web', 'acme-leaf', 'acme-top']);
});

test('affected goes up the edges, and a dependency bump reaches every crate', () => {
  const root = workspace();
  const affected = (file: string) =>
    JSON.parse(nx(root, 'show', 'projects', '--affected', `--files=${file}`, '--json').stdout).sort();
  expect(affected('crates/leaf/src/lib.rs')).toEqual(['acme-leaf', 'acme-top']);
  expect(affected('crates/top/src/main.rs')).toEqual(['acme-top']);
  expect(affected('libs/web/package.json')).toEqual(['@acme/web']);
  expect(affected('Cargo.lock')).toEqual(['acme-leaf', 'acme-top']);
});

test('a broken Cargo.toml fails the command with its file and line', () => {
  const root = workspace({ ...FILES, 'crates/leaf/Cargo.toml': '[package]\nname = "acme-leaf"\nversion = = 1\n' });
  const run = nx(root, 'show', 'projects');
  expect(run.status).not.toBe(0);
  expect(run.stdout + run.stderr).toMatch(/KRP7010[\s\S]*crates\/leaf\/Cargo\.toml:3/);
});

test('a build leaves the exact binary, the second one comes from the cache, and an edit of the leaf runs both again', () => {
  const root = workspace({
    ...FILES,
    'crates/leaf/Cargo.toml': '[package]\nname = "acme-leaf"\nedition = "2021"',
    'crates/leaf/src/lib.rs': 'pub fn answer() -> u8 { 41 }',
    'crates/top/src/main.rs': 'fn main() { println!("{}", renamed::answer()); }',
    'Cargo.lock': '',
  });
  rmSync(join(root, 'Cargo.lock'));
  spawnSync('cargo', ['generate-lockfile', '--offline'], { cwd: root });
  const binary = join(root, 'target', 'debug', 'acme-top');
  const build = () => {
    const run = nx(root, 'run-many', '-t', 'build', '--outputStyle=static');
    expect(run.stdout + run.stderr).toContain('Successfully ran target build');
    return run.stdout;
  };
  build();
  expect(spawnSync(binary, { encoding: 'utf8' }).stdout).toBe('41\n');
  rmSync(binary);
  expect(build()).toContain('read the output from the cache instead of running the command for 2 out of 2');
  expect(existsSync(binary)).toBe(true);
  writeFileSync(join(root, 'crates/leaf/src/lib.rs'), 'pub fn answer() -> u8 { 42 }');
  expect(build()).not.toContain('from the cache');
  expect(spawnSync(binary, { encoding: 'utf8' }).stdout).toBe('42\n');
});

test('after an edit of a message, affected builds what compiles its code in both languages, and nothing else', () => {
  const root = workspace({
    ...FILES,
    'package.json': '{ "name": "root", "private": true, "workspaces": ["libs/*"] }',
    'Cargo.toml': '[workspace]\nmembers = ["crates/*", "libs/gen"]\nresolver = "2"',
    'buf.yaml': 'version: v2\nmodules:\n  - path: proto\n',
    'buf.gen.yaml':
      'version: v2\nplugins:\n  - local: x\n    out: libs/gen/src/gen\n  - local: y\n    out: libs/gen/ts\n',
    'proto/a.proto': 'syntax = "proto3";\n',
    'libs/gen/Cargo.toml': '[package]\nname = "acme-gen"',
    'libs/gen/package.json': '{ "name": "@acme/gen" }',
    'libs/gen/tsconfig.json': '{}',
    'libs/gen/tsconfig.build.json': '{}',
    'crates/top/Cargo.toml': '[package]\nname = "acme-top"\n[dependencies]\nacme-gen = { path = "../../libs/gen" }',
    'libs/web/package.json': '{ "name": "@acme/web", "dependencies": { "@acme/gen": "workspace:*" } }',
    'libs/web/tsconfig.json': '{}',
    'libs/web/tsconfig.build.json': '{}',
    'libs/other/package.json': '{ "name": "@acme/other" }',
    'libs/other/tsconfig.json': '{}',
    'libs/other/tsconfig.build.json': '{}',
  });
  const git = (...args: string[]) =>
    spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: root });
  git('add', '.');
  git('commit', '-qm', 'first');
  writeFileSync(join(root, 'proto/a.proto'), 'syntax = "proto3";\npackage acme;\n');
  git('commit', '-qam', 'second');
  const run = nx(root, 'affected', '-t', 'build', '--base=HEAD~1', '--graph=tasks.json');
  expect(run.stderr).toBe('');
  const { tasks } = JSON.parse(readFileSync(join(root, 'tasks.json'), 'utf8')) as {
    tasks: { tasks: Record<string, unknown> };
  };
  expect(Object.keys(tasks.tasks).sort()).toEqual([
    '@acme/gen:build',
    '@acme/web:build',
    'acme-top:build',
    'proto:generate',
  ]);
});

test('an edit of one external package runs its dependents again and no others', () => {
  const crate = (name: string, more = '') =>
    `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${more}`;
  const lock = (checksum: string) => `version = 4

[[package]]
name = "acme-leaf"
version = "0.1.0"

[[package]]
name = "acme-top"
version = "0.1.0"
dependencies = [
 "outer",
]

[[package]]
name = "inner"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "${checksum}"

[[package]]
name = "outer"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "00"
dependencies = [
 "inner",
]
`;
  const root = workspace({
    ...FILES,
    // Stands in for the compiler: what is asked here is which tasks run, and no such package exists.
    'bin/cargo': '#!/bin/sh\necho ran',
    'Cargo.lock': lock('01'),
    'crates/leaf/Cargo.toml': crate('acme-leaf'),
    'crates/top/Cargo.toml': crate('acme-top', '[dependencies]\nouter = "1"'),
    'crates/top/src/main.rs': '',
  });
  chmodSync(join(root, 'bin/cargo'), 0o755);
  jest.replaceProperty(process, 'env', { ...process.env, PATH: `${join(root, 'bin')}:${process.env.PATH}` });
  const ran = () => {
    const { stdout } = nx(root, 'run-many', '-t', 'check', '--outputStyle=static');
    return [...stdout.matchAll(/^> nx run (\S+)$/gm)].map(([, task]) => task).sort();
  };
  try {
    expect(ran()).toEqual(['acme-leaf:check', 'acme-top:check']);
    expect(ran()).toEqual([]);
    // The package that `acme-top` depends on only through another one.
    writeFileSync(join(root, 'Cargo.lock'), lock('0002'));
    expect(ran()).toEqual(['acme-top:check']);
  } finally {
    jest.restoreAllMocks();
  }
});

test('an error of the manifests is shown again by the next command', () => {
  const root = workspace({ ...FILES, 'crates/leaf/Cargo.toml': '[package]\nname = "acme-leaf"\nversion = = 1\n' });
  for (const command of [
    ['show', 'projects'],
    ['run-many', '-t', 'build'],
    ['affected', '-t', 'build', '--files=x'],
  ]) {
    const run = nx(root, ...command);
    expect([command, run.status]).not.toEqual([command, 0]);
    expect(run.stdout + run.stderr).toMatch(/KRP7010[\s\S]*crates\/leaf\/Cargo\.toml:3/);
  }
});
