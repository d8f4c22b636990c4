/** Each bad input has a code of its own and a next step, and writes nothing. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, environment, failure, krepis, krepisOk, krepisStart, ok, repository } from './krepis.ts';
import { historyFiles, removeTemporary, sha256, snapshot, temporary, workspace } from './workspace.ts';

afterAll(removeTemporary);

const MODULE =
  "import { defineModule } from '@krepis/core';\n\nexport const appModule = defineModule({ providers: [] });\n";
const sample = (extra: Record<string, string> = {}) =>
  workspace({
    'src/app.module.ts': MODULE,
    'src/a.service.ts': 'export class AService {}\n',
    ...extra,
  });

const seen = new Map<string, string>();

/** Runs, expects a refusal with exit code, code, message and hint, an unchanged tree and no history. */
function refused(what: string, root: string, args: string[], exit: number, env: Record<string, string> = {}) {
  const before = snapshot(root);
  const outcome = krepis([...args, '--json'], { cwd: root, env });
  expect({ code: outcome.code, stdout: outcome.stdout, stderr: outcome.stderr }).toMatchObject({ code: exit });
  const error = failure(outcome);
  expect(error.code).toMatch(/^KRP\d{4}$/);
  expect(error.hint).toEqual(expect.any(String));
  expect(snapshot(root)).toEqual(before);
  expect(historyFiles(root)).toEqual({});
  seen.set(what, error.code);
  return error;
}

test('unknown kind: the known ones are named', () => {
  const error = refused('kind', sample(), ['g', 'servise', 'x'], 2);
  expect(`${error.message}${error.reason}${error.hint}`).toContain('service');
});

test('unknown class', () => {
  refused('class', sample(), ['g', 'method', 'NoSuchService', 'ping'], 1);
});

test('two classes of that name: both places, --file as the way out', () => {
  const root = sample({ 'src/b/a.service.ts': 'export class AService {}\n' });
  const error = refused('two', root, ['g', 'method', 'AService', 'ping'], 1);
  const text = JSON.stringify(error);
  expect(text).toContain('src/a.service.ts');
  expect(text).toContain('src/b/a.service.ts');
  expect(error.hint).toContain('--file');
  krepisOk(['g', 'method', 'AService', 'ping', '--file', 'src/b/a.service.ts'], { cwd: root });
});

test('a target with a syntax error: the line', () => {
  const root = sample({ 'src/c.service.ts': 'export class CService {\n  broken( {\n}\n' });
  const error = refused('syntax', root, ['g', 'method', 'CService', 'ping'], 1);
  expect(error.at?.path).toBe('src/c.service.ts');
  expect(error.at?.line).toBeGreaterThan(0);
});

test.each(['1st', 'a b', '', 'sérvice!', '__proto__/x/..'])('a name that is no identifier: %j', (name) => {
  refused(`name ${name}`, sample(), ['g', 'service', name], 2);
});

test.each([['../outside'], ['/tmp'], ['src/../../x']])('a folder outside the workspace: %s', (dir) => {
  refused('outside', sample(), ['g', 'service', 'x', '--dir', dir], 2);
});

test('no workspace', () => {
  const root = temporary();
  refused('workspace', root, ['g', 'service', 'x'], 2);
});

test('no Node: exit 70', () => {
  const root = sample();
  const before = snapshot(root);
  // A copy of the binary, away from the repository whose Node would be found as the bundled one.
  const bin = join(temporary(), 'bin');
  mkdirSync(bin);
  ok('cp', [binary('krepis'), join(bin, 'krepis')], root);
  const outcome = spawnSync(join(bin, 'krepis'), ['g', 'service', 'x', '--json'], {
    cwd: root,
    encoding: 'utf8',
    env: { HOME: join(bin, 'nohome'), PATH: '/nonexistent', KREPIS_RUNNER_DIR: join(repository, 'dist', 'runner') },
  });
  expect(outcome.status).toBe(70);
  expect(JSON.parse(outcome.stdout).error.code).toMatch(/^KRP5/);
  expect(snapshot(root)).toEqual(before);
});

test('a KREPIS_NODE that does not exist is an error, not passed over', () => {
  refused('node', sample(), ['g', 'service', 'x'], 70, { KREPIS_NODE: '/nonexistent/node' });
});

test.each([
  ['a syntax error', '{\n  "schema": 1,\n  "elements": [}\n}\n', 3],
  ['an unknown key', '{\n  "schema": 1,\n  "elemnts": []\n}\n', 3],
  ['a wrong type', '{\n  "schema": 1,\n  "elements": {}\n}\n', 3],
  [
    'a rule about an unknown element',
    '{\n  "schema": 1,\n  "elements": [{ "name": "app", "files": ["src/**"] }],\n  "rules": [\n    { "id": "r", "from": "nope", "deny": [] }\n  ]\n}\n',
    5,
  ],
])('krepis.json with %s: exit 2 and the line', (what, text, line) => {
  const root = sample();
  writeFileSync(join(root, 'krepis.json'), text);
  const error = refused(`config ${what}`, root, ['g', 'service', 'x'], 2);
  expect(error.at).toMatchObject({ path: 'krepis.json', line });
  expect(krepis(['check'], { cwd: root }).code).toBe(2);
});

// Mounting needs root. In CI its absence is a failure; on a developer's machine the case is left out, and said so.
const canMount = process.getuid?.() === 0;
const onReadOnlyDisk = canMount || process.env.CI ? test : test.skip;
onReadOnlyDisk('a workspace on a read-only disk: reading commands work, writing ones say so', () => {
  if (!canMount) throw new Error('this test mounts read-only and needs root');
  const root = sample();
  const mount = join(temporary(), 'read-only');
  mkdirSync(mount);
  ok('mount', ['--bind', root, mount], root);
  try {
    ok('mount', ['-o', 'remount,ro,bind', mount], root);
    krepisOk(['check'], { cwd: mount });
    krepisOk(['history'], { cwd: mount });
    krepisOk(['plan', 'service', 'x'], { cwd: mount });
    refused('read-only', mount, ['g', 'service', 'x'], 1);
  } finally {
    ok('umount', [mount], root);
  }
});

test('a file changed between plan and apply: exit 3', () => {
  const root = sample();
  const plan = krepisOk(['plan', 'service', 'x', '--format', 'json'], { cwd: root }).stdout;
  const module =
    "import { defineModule } from '@krepis/core';\n\nexport const appModule = defineModule({ providers: [] });\n// edited\n";
  writeFileSync(join(root, 'src/app.module.ts'), module);
  const before = snapshot(root);
  const outcome = krepis(['apply', '-', '--json'], { cwd: root, input: plan });
  expect(outcome.code).toBe(3);
  expect(failure(outcome).code).toMatch(/^KRP2/);
  expect(snapshot(root)).toEqual(before);
  expect(sha256(module)).toHaveLength(64);
});

test('a second krepis holding the lock: exit 75, the holder named', async () => {
  const root = sample();
  mkdirSync(join(root, '.krepis'), { recursive: true });
  chmodSync(join(root, '.krepis'), 0o700);
  writeFileSync(join(root, '.krepis', 'lock'), '');
  // flock(1) holds the same lock for as long as its child lives.
  const holder = spawn('flock', [join(root, '.krepis', 'lock'), 'sh', '-c', 'echo held; read line'], {
    cwd: realpathSync(root),
    env: environment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  try {
    refused('lock', root, ['g', 'service', 'x', '--lock-timeout', '0.2'], 75);
  } finally {
    holder.stdin.end('\n');
    await new Promise((resolve) => holder.once('close', resolve));
  }
  expect((await krepisStart(['g', 'service', 'x'], { cwd: root })).code).toBe(0);
});

test('an option that does not exist: exit 2', () => {
  const outcome = krepis(['g', 'service', 'x', '--nope', '--json'], { cwd: sample() });
  expect(outcome.code).toBe(2);
  expect(failure(outcome).code).toMatch(/^KRP1/);
});

test('each of these has a code of its own', () => {
  const groups = ['kind', 'class', 'two', 'syntax', 'outside', 'workspace', 'node', 'lock'];
  if (canMount) groups.push('read-only');
  const codes = groups.map((group) => seen.get(group));
  expect(codes.every(Boolean)).toBe(true);
  expect(new Set(codes).size).toBe(groups.length);
});
