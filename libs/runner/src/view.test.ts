import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskView, type ViewSetup } from './view.ts';

let root: string;
let outside: string;

beforeEach(() => {
  const scratch = mkdtempSync(join(tmpdir(), 'krepis-view-'));
  root = join(scratch, 'workspace');
  outside = join(scratch, 'outside');
  for (const folder of [root, outside, join(root, 'src'), join(root, '.git'), join(root, '.krepis')]) mkdirSync(folder);
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  writeFileSync(join(root, 'src/a.ts'), 'const ä = 1;\n');
  writeFileSync(join(root, '.git/config'), '');
});
afterEach(() => rmSync(join(root, '..'), { recursive: true, force: true }));

const view = (setup: Partial<ViewSetup> = {}) => new DiskView({ root, findClasses: () => ({ classes: [] }), ...setup });
const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

test('what is read is recorded with its digest, and so is what is missing', () => {
  const seen = view();
  expect(seen.read('src/a.ts')).toBe('const ä = 1;\n');
  expect(seen.read('src/b.ts')).toBeUndefined();
  expect(seen.exists('src')).toBe(true);
  expect(seen.reads()).toEqual([
    { path: 'src/a.ts', digest: sha256('const ä = 1;\n') },
    { path: 'src/b.ts', digest: '' },
  ]);
});

test('pending content lies over the disk', () => {
  const seen = view({
    overlay: [
      { path: 'src/a.ts' },
      { path: 'src/new.ts', content: Buffer.from('new') },
      { path: 'lib/c.ts', content: Buffer.from('') },
    ],
  });
  expect(seen.read('src/a.ts')).toBeUndefined();
  expect(seen.read('src/new.ts')).toBe('new');
  expect(seen.list('src')).toEqual([{ name: 'new.ts', kind: 'file' }]);
  expect(seen.list('').map((entry) => `${entry.kind} ${entry.name}`)).toEqual(['directory lib', 'directory src']);
  expect(seen.exists('lib')).toBe(true);
  expect(seen.reads()).toContainEqual({ path: 'src/new.ts', digest: sha256('new') });
});

test.each([
  '/etc/passwd',
  '../outside/secret.txt',
  'src/../../outside/secret.txt',
  'src\\a.ts',
  'a\0b',
  '.git/config',
  '.GIT/config',
  '.krepis/x',
  'src//a.ts',
  './src',
])('%j is refused', (path) => {
  expect(() => view().read(path)).toThrow('cannot be read');
  expect(() => view().exists(path)).toThrow('cannot be read');
});

test('a link that leaves the workspace is refused, for what is there and for what is not', () => {
  symlinkSync(outside, join(root, 'link'));
  symlinkSync(join(outside, 'secret.txt'), join(root, 'file-link'));
  symlinkSync(join(root, '.git'), join(root, 'git-link'));
  for (const path of ['link/secret.txt', 'link/missing.txt', 'file-link', 'git-link/config']) {
    expect(() => view().read(path)).toThrow('cannot be read');
  }
  expect(() => view().list('link')).toThrow('cannot be read');
});

test('a link inside the workspace is followed and recorded where it leads', () => {
  symlinkSync('src', join(root, 'link'));
  const seen = view();
  expect(seen.read('link/a.ts')).toBe('const ä = 1;\n');
  expect(seen.list('').map((entry) => `${entry.kind} ${entry.name}`)).toEqual(['symlink link', 'directory src']);
  expect(seen.reads().map((read) => read.path)).toEqual(['src/a.ts']);
});

test('what package managers own is readable and not recorded', () => {
  mkdirSync(join(root, 'node_modules/p'), { recursive: true });
  writeFileSync(join(root, 'node_modules/p/package.json'), '{}');
  const seen = view();
  expect(seen.read('node_modules/p/package.json')).toBe('{}');
  expect(seen.reads()).toEqual([]);
});

test('classes come from the engine, and its error is the view’s', async () => {
  const site = { path: 'src/a.ts', line: 1, name: 'A', exported: true };
  await expect(view({ findClasses: () => ({ classes: [site] }) }).findClasses('A')).resolves.toEqual([site]);
  const error = { code: 'KRP3001', message: 'broken', at: undefined, reason: undefined, hint: undefined };
  const broken = view({ findClasses: () => ({ classes: [], error }) });
  await expect(broken.findClasses('A')).rejects.toThrow('asking for class A: broken');
});

test('config is the parsed krepis.json', () => {
  expect(view({ configJson: '{"root":"src"}' }).config).toEqual({ root: 'src' });
  const commented = '\ufeff{ // a\n "a": "// no, /* no */ ,]", /* b */ "b": [1, 2,], "c": "\\\\",\n}';
  expect(view({ configJson: commented }).config).toEqual({ a: '// no, /* no */ ,]', b: [1, 2], c: '\\' });
  expect(view().config).toBeUndefined();
  expect(() => view({ configJson: '{' }).config).toThrow('krepis.json is not JSON');
});
