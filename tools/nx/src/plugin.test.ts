/** The plugin inside a real Nx: what `nx show`, `nx graph` and `nx run-many` make of it. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
