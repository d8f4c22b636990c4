/** `krepis apply`: the JSON form and a git diff; stale plans; a change that switches off its judge (Shows 12). */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure, krepis, krepisOk, ok } from './krepis.ts';
import { historyFiles, removeTemporary, sha256, snapshot, workspace, write } from './workspace.ts';

afterAll(removeTemporary);

const layered = {
  'krepis.json': `${JSON.stringify(
    {
      schema: 1,
      runtime: 'standard',
      root: 'src',
      elements: [
        { name: 'domain', files: ['src/domain/**'] },
        { name: 'infrastructure', files: ['src/infrastructure/**'] },
      ],
      rules: [{ id: 'domain-is-pure', from: 'domain', deny: ['infrastructure'] }],
    },
    null,
    2,
  )}\n`,
  'src/domain/order.ts': 'export const order = 1;\n',
  'src/infrastructure/store.ts': 'export const store = 1;\n',
};

test('applies every kind of entry of the JSON form, lists it, and undoes it to the byte', () => {
  const root = workspace({
    'src/a.ts': 'const a = 1;\n',
    'src/b.ts': 'const b = 1;\n',
    'src/old.ts': 'const c = 1;\n',
  });
  const before = snapshot(root);
  const change = {
    title: 'all kinds',
    files: [
      { path: 'src/new.ts', text: 'const n = 1;\n' },
      { path: 'logo.bin', content: Buffer.from([0xff, 0, 1, 0xfe]).toString('base64') },
      { path: 'src/b.ts', before: sha256('const b = 1;\n'), delete: true },
      { path: 'src/renamed.ts', before: sha256('const c = 1;\n'), renamedFrom: 'src/old.ts' },
      { path: 'src/link.ts', symlink: 'a.ts' },
      { path: 'run.sh', text: '#!/bin/sh\n', mode: '755' },
      { path: 'src/a.ts', before: sha256('const a = 1;\n'), edits: [{ start: 10, end: 11, text: '2' }] },
    ],
  };
  krepisOk(['apply', '-'], { cwd: root, input: JSON.stringify(change) });
  expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe('const a = 2;\n');
  expect(readFileSync(join(root, 'logo.bin'))).toEqual(Buffer.from([0xff, 0, 1, 0xfe]));
  expect(snapshot(root)['run.sh']).toMatch(/^755 /);
  expect(snapshot(root)['src/link.ts']).toBe('-> a.ts');
  expect(snapshot(root)['src/old.ts']).toBeUndefined();

  const log = JSON.parse(krepisOk(['history', '--json'], { cwd: root }).stdout);
  expect(log.operations).toHaveLength(1);
  expect(log.operations[0].title).toBe('all kinds');

  krepisOk(['undo'], { cwd: root });
  expect(snapshot(root)).toEqual(before);
});

test('applies a git diff and undoes it', () => {
  const root = workspace({
    'src/a.ts': 'one\ntwo\nthree\n'.replace(/\w+/g, 'const $&_ = 1;'),
    'src/gone.ts': 'const g = 1;\n',
  });
  ok('git', ['init', '-q'], root);
  ok('git', ['add', '-A'], root);
  ok('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', 'commit', '-qm', 'x'], root);
  const before = snapshot(root);
  write(root, { 'src/a.ts': 'const one_ = 1;\nconst two_ = 22;\nconst three_ = 1;\n', 'src/new.ts': 'const n = 1;' });
  ok('git', ['rm', '-q', '-f', 'src/gone.ts'], root);
  ok('git', ['add', '-A'], root);
  const after = snapshot(root);
  const patch = ok('git', ['diff', '--cached'], root).stdout;
  ok('git', ['reset', '-q', '--hard'], root);
  expect(snapshot(root)).toEqual(before);

  krepisOk(['apply', '-'], { cwd: root, input: patch });
  expect(snapshot(root)).toEqual(after);
  krepisOk(['undo'], { cwd: root });
  expect(snapshot(root)).toEqual(before);
});

test('find/replace needs no digest but exactly one match', () => {
  const root = workspace({ 'src/a.ts': 'const a = 1;\nconst b = 1;\n' });
  const apply = (find: string) =>
    krepis(['apply', '-', '--json'], {
      cwd: root,
      input: JSON.stringify({ title: 't', files: [{ path: 'src/a.ts', edits: [{ find, replace: 'const z' }] }] }),
    });
  expect(apply('const a').code).toBe(0);
  const twice = apply('= 1;');
  expect(twice.code).not.toBe(0);
  expect(failure(twice).code).toMatch(/^KRP2/);
  expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe('const z = 1;\nconst b = 1;\n');
});

test.each([
  ['a target', [{ path: 'src/a.ts', before: sha256('something else'), text: 'x\n' }], []],
  ['an existing path without before', [{ path: 'src/a.ts', text: 'const x = 1;\n' }], []],
  ['a read', [{ path: 'src/new.ts', text: 'const n = 1;\n' }], [{ path: 'src/a.ts', digest: sha256('old') }]],
])('a stale digest of %s: exit 3, nothing written', (_, files, reads) => {
  const root = workspace({ 'src/a.ts': 'const a = 1;\n' });
  const before = snapshot(root);
  const outcome = krepis(['apply', '-', '--json'], { cwd: root, input: JSON.stringify({ title: 't', files, reads }) });
  expect(outcome.code).toBe(3);
  expect(failure(outcome).at?.path ?? failure(outcome).message).toContain('src/a.ts');
  expect(snapshot(root)).toEqual(before);
  expect(historyFiles(root)).toEqual({});
});

test('a change to krepis.json that drops the rule it breaks is refused', () => {
  const root = workspace(layered);
  const before = snapshot(root);
  const policy = readFileSync(join(root, 'krepis.json'), 'utf8');
  const lax = `${JSON.stringify({ ...JSON.parse(policy), rules: [] }, null, 2)}\n`;
  const change = {
    title: 'sneak',
    files: [
      { path: 'krepis.json', before: sha256(policy), text: lax },
      {
        path: 'src/domain/order.ts',
        before: sha256('export const order = 1;\n'),
        text: "import { store } from '../infrastructure/store.ts';\nexport const order = store;\n",
      },
    ],
  };
  const outcome = krepis(['apply', '-', '--json'], { cwd: root, input: JSON.stringify(change) });
  expect(outcome.code).toBe(4);
  expect(failure(outcome)).toMatchObject({
    code: expect.stringMatching(/^KRP3/),
    at: { path: 'src/domain/order.ts', line: 1 },
  });
  expect(snapshot(root)).toEqual(before);
  expect(historyFiles(root)).toEqual({});
});

test.each([
  ['not JSON', '{ "title": ', 2],
  ['an unknown field', '{ "title": "t", "filez": [] }', 2],
  ['two bodies', '{ "title": "t", "files": [{ "path": "x", "text": "a", "delete": true }] }', 2],
  ['a path outside the workspace', '{ "title": "t", "files": [{ "path": "../x", "text": "a" }] }', 2],
  ['a path in .git', '{ "title": "t", "files": [{ "path": ".git/config", "text": "a" }] }', 2],
  ['a path in .krepis', '{ "title": "t", "files": [{ "path": ".krepis/history/x", "text": "a" }] }', 2],
  ['a syntax error in the result', '{ "title": "t", "files": [{ "path": "src/x.ts", "text": "const = ;" }] }', 2],
])('%s: exit %#, a code and a hint, nothing written', (_, input, code) => {
  const root = workspace({ 'src/a.ts': 'const a = 1;\n' });
  const before = snapshot(root);
  const outcome = krepis(['apply', '-', '--json'], { cwd: root, input });
  expect(outcome.code).toBe(code);
  expect(failure(outcome).code).toMatch(/^KRP\d{4}$/);
  expect(snapshot(root)).toEqual(before);
  expect(historyFiles(root)).toEqual({});
});

test('input that does not parse: the file, line and column', () => {
  const root = workspace({ 'src/a.ts': 'const a = 1;\n' });
  writeFileSync(join(root, 'change.json'), '{\n  "title": "t",\n  "filez": []\n}\n');
  const outcome = krepis(['apply', 'change.json', '--json'], { cwd: root });
  expect(outcome.code).toBe(2);
  expect(failure(outcome).at).toMatchObject({ path: 'change.json', line: 3 });
});

test('a path through a symbolic link that leaves the workspace is refused', () => {
  const root = workspace({ 'src/a.ts': 'const a = 1;\n' });
  const outside = workspace({ 'x.ts': 'const x = 1;\n' });
  mkdirSync(join(root, 'src', 'sub'));
  ok('ln', ['-s', outside, join(root, 'src', 'link')], root);
  const outcome = krepis(['apply', '-'], {
    cwd: root,
    input: JSON.stringify({ title: 't', files: [{ path: 'src/link/y.ts', text: 'const y = 1;\n' }] }),
  });
  expect(outcome.code).toBe(2);
  expect(snapshot(outside)['y.ts']).toBeUndefined();
});

test('--dry-run prints the diff and writes nothing, not even .krepis', () => {
  const root = workspace({ 'src/a.ts': 'const a = 1;\n' });
  const before = snapshot(root);
  writeFileSync(
    join(root, 'c.json'),
    JSON.stringify({ title: 't', files: [{ path: 'src/n.ts', text: 'const n = 1;\n' }] }),
  );
  const outcome = krepisOk(['apply', 'c.json', '--dry-run'], { cwd: root });
  expect(outcome.stdout).toContain('+const n = 1;');
  expect({ ...snapshot(root), 'c.json': undefined }).toEqual({ ...before, 'c.json': undefined });
  expect(() => readFileSync(join(root, '.krepis', 'lock'))).toThrow();
});
