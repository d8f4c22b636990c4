import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const source = join(__dirname, '..');
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'krepis-launcher-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** An installed copy of the package with `binary` as the text of this platform's program. */
function install(binary?: string): string {
  const modules = join(root, 'node_modules', '@krepis');
  for (const part of ['bin', 'lib', 'package.json'])
    cpSync(join(source, part), join(modules, 'cli', part), { recursive: true });
  mkdirSync(join(modules, 'cli', 'runner'));
  if (binary !== undefined) {
    const suffix = process.platform === 'linux' ? '-musl' : '';
    program(join(modules, `cli-${process.platform}-${process.arch}${suffix}`, 'bin'), binary);
  }
  return join(modules, 'cli', 'bin', 'krepis.cjs');
}

function program(folder: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'krepis');
  writeFileSync(file, `#!${process.execPath}\n${text}`);
  chmodSync(file, 0o755);
  return file;
}

function launch(launcher: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, input = '') {
  const { KREPIS_BIN, KREPIS_RUNNER_DIR, KREPIS_BUNDLED_NODE, ...clean } = process.env;
  return spawnSync(process.execPath, [launcher, ...args], { env: { ...clean, ...env }, input, encoding: 'utf8' });
}

const REPORT = `
const { KREPIS_RUNNER_DIR, KREPIS_BUNDLED_NODE } = process.env;
console.log(JSON.stringify({ args: process.argv.slice(2), KREPIS_RUNNER_DIR, KREPIS_BUNDLED_NODE }));`;

test('starts the program of the platform package with the arguments, the runner and the Node it runs on', () => {
  const launcher = install(REPORT);
  const run = launch(launcher, ['g', 'service', 'a b']);
  expect(run.stderr).toBe('');
  expect(JSON.parse(run.stdout)).toEqual({
    args: ['g', 'service', 'a b'],
    KREPIS_RUNNER_DIR: join(root, 'node_modules/@krepis/cli/runner'),
    KREPIS_BUNDLED_NODE: process.execPath,
  });
});

test('leaves settings of the user alone', () => {
  const run = launch(install(REPORT), [], { KREPIS_RUNNER_DIR: '/elsewhere', KREPIS_BUNDLED_NODE: '/other/node' });
  expect(JSON.parse(run.stdout)).toMatchObject({ KREPIS_RUNNER_DIR: '/elsewhere', KREPIS_BUNDLED_NODE: '/other/node' });
});

test('KREPIS_BIN goes before the package', () => {
  const other = program(join(root, 'other'), "console.log('other')");
  expect(launch(install(REPORT), [], { KREPIS_BIN: other }).stdout).toBe('other\n');
});

test('passes stdin, stderr and the exit code through', () => {
  const launcher = install(`process.stdin.pipe(process.stderr); process.exitCode = 4;`);
  const run = launch(launcher, [], {}, 'some text');
  expect(run).toMatchObject({ status: 4, stderr: 'some text' });
});

test('forwards a signal and answers with the code the program ends with', async () => {
  const launcher = install(
    `process.on('SIGTERM', () => process.exit(42)); setInterval(() => {}, 1000); console.log('ready');`,
  );
  const child = spawn(process.execPath, [launcher], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGTERM');
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(42);
});

test('a program that a signal ends: 128 and the number', () => {
  expect(launch(install(`process.kill(process.pid, 'SIGKILL');`), []).status).toBe(137);
});

test('without a platform package: exit 70, what was looked for, and the way out', () => {
  const run = launch(install(), []);
  expect(run.status).toBe(70);
  expect(run.stderr).toMatch(/KRP1900/);
  expect(run.stderr).toContain(`@krepis/cli-${process.platform}-${process.arch}`);
  expect(run.stderr).toMatch(/hint: .*optional/);
});

test('the same with --json is the error form on stdout', () => {
  const run = launch(install(), ['check', '--json']);
  expect(JSON.parse(run.stdout)).toMatchObject({ schema: 1, error: { code: 'KRP1900', hint: expect.any(String) } });
});

test('a program that cannot be started: exit 70 and why', () => {
  const run = launch(install(REPORT), [], { KREPIS_BIN: join(root, 'nowhere') });
  expect(run).toMatchObject({ status: 70 });
  expect(run.stderr).toMatch(/KRP1901[\s\S]*ENOENT/);
});
