/** The executors that inferred targets use beside commands, with the real programs. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import { folder, removeFolders } from '../testing/workspace.ts';
import breaking from './breaking/executor.ts';
import missing from './missing/executor.ts';
import pack from './pack/executor.ts';

const bin = join(__dirname, '..', '..', '..', '..', 'node_modules', '.bin');
jest.setTimeout(60_000);
let said: string;

beforeEach(() => {
  said = '';
  const note = (text: unknown) => {
    said += `${text}\n`;
    return true;
  };
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, 'write').mockImplementation(note);
  jest.spyOn(console, 'error').mockImplementation(note);
  jest.spyOn(console, 'log').mockImplementation(note);
  const { NX_BASE: _base, ...env } = process.env;
  jest.replaceProperty(process, 'env', { ...env, PATH: `${bin}${delimiter}${process.env.PATH}` });
});
afterEach(() => {
  jest.restoreAllMocks();
  removeFolders();
});

const context = (root: string) => ({ root, projectName: 'p' }) as ExecutorContext;
function git(root: string, ...args: string[]): void {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main'];
  const run = spawnSync('git', [...identity, ...args], { cwd: root, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
}

test('missing fails and says what, who asks for it, what to do', async () => {
  expect(await missing({ what: 'buf', path: 'buf.yaml', reason: '`buf` is not on the path' })).toEqual({
    success: false,
  });
  expect(said).toMatch(/KRP7021[\s\S]*at: buf\.yaml[\s\S]*`buf` is not on the path[\s\S]*@bufbuild\/buf/);
  expect(await missing({ what: 'Cargo.lock', path: 'a/Cargo.toml', line: 4, reason: 'why' })).toEqual({
    success: false,
  });
  expect(said).toMatch(/KRP7014[\s\S]*at: a\/Cargo\.toml:4[\s\S]*cargo generate-lockfile/);
});

test('pack writes the tarball under the name that is declared as output', async () => {
  const root = folder({ 'libs/a/package.json': '{ "name": "@acme/a", "version": "1.2.3" }', 'libs/a/index.js': '' });
  const options = { directory: 'libs/a', archive: 'dist/packages/acme-a-1.2.3.tgz', packageManager: 'npm' } as const;
  expect(await pack(options, context(root))).toEqual({ success: true });
  const list = spawnSync('tar', ['tzf', join(root, options.archive)], { encoding: 'utf8' });
  expect(list.stdout.split('\n').sort()).toEqual(['', 'package/index.js', 'package/package.json']);
  writeFileSync(join(root, 'libs/a/package.json'), '{ "name": "@acme/a" }');
  expect(await pack(options, context(root))).toEqual({ success: false });
});

const PROTO = 'syntax = "proto3";\npackage acme.v1;\nmessage A { string name = 1; }\n';
const OPTIONS = { directory: 'api', module: 'api' };

function messages(): string {
  const root = folder({ 'api/buf.yaml': 'version: v2\nmodules:\n  - path: .\n', 'api/acme/v1/a.proto': PROTO });
  git(root, 'init', '--quiet');
  git(root, 'add', '.');
  git(root, 'commit', '--quiet', '-m', 'first');
  return root;
}

test('breaking: no base at a first commit; then the commit before, or the one that is named', async () => {
  const root = messages();
  expect(await breaking(OPTIONS, context(root))).toEqual({ success: true });
  expect(said).toContain('no base');
  writeFileSync(join(root, 'api/acme/v1/a.proto'), PROTO.replace('string', 'int64'));
  git(root, 'commit', '--quiet', '-am', 'second');
  expect(await breaking(OPTIONS, context(root))).toEqual({ success: false });
  expect(said).toContain('a.proto');
  expect(await breaking({ ...OPTIONS, base: 'HEAD' }, context(root))).toEqual({ success: true });
  process.env.NX_BASE = 'nothing';
  await expect(breaking(OPTIONS, context(root))).rejects.toThrow(/KRP7022[\s\S]*nothing/);
});

test('breaking: a base without messages has nothing to break', async () => {
  const root = folder({ 'README.md': '' });
  git(root, 'init', '--quiet');
  git(root, 'add', '.');
  git(root, 'commit', '--quiet', '-m', 'first');
  mkdirSync(join(root, 'api'));
  writeFileSync(join(root, 'api/buf.yaml'), 'version: v2\nmodules:\n  - path: .\n');
  writeFileSync(join(root, 'api/a.proto'), PROTO);
  git(root, 'add', '.');
  git(root, 'commit', '--quiet', '-m', 'second');
  expect(await breaking(OPTIONS, context(root))).toEqual({ success: true });
  expect(said).toContain('no api/buf.yaml');
  expect(existsSync(join(root, 'api/buf.yaml'))).toBe(true);
});
