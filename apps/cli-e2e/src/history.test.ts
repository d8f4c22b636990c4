/** `krepis history`: who, when, which command, which files, the diff (Shows 9); undo, redo, later edits. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { failure, krepis, krepisOk, ok } from './krepis.ts';
import { removeTemporary, sha256, snapshot, workspace } from './workspace.ts';

afterAll(removeTemporary);

const A = 'export const providers = [One];\n';

function applied() {
  const root = workspace({ 'src/a.ts': A });
  ok('git', ['init', '-q'], root);
  ok('git', ['add', '-A'], root);
  ok('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', 'commit', '-qm', 'x'], root);
  const change = {
    title: 'add Two',
    files: [
      { path: 'src/a.ts', before: sha256(A), edits: [{ start: 29, end: 29, text: ', Two' }] },
      { path: 'src/n.ts', text: 'export const n = 1;\n' },
    ],
  };
  krepisOk(['apply', '-'], { cwd: root, input: JSON.stringify(change) });
  return root;
}

test('history --json and history show --patch tell who, when, which command, which files, the diff', () => {
  const root = applied();
  const started = Date.now();
  const { schema, operations } = JSON.parse(krepisOk(['history', '--json'], { cwd: root }).stdout);
  expect(schema).toBe(1);
  expect(operations).toEqual([
    {
      id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      kind: 'apply',
      state: 'done',
      undone: false,
      title: 'add Two',
      actor: userInfo().username,
      command: ['krepis', 'apply', '-'],
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      gitHead: ok('git', ['rev-parse', 'HEAD'], root).stdout.trim(),
      files: [
        { path: 'src/a.ts', change: 'modified' },
        { path: 'src/n.ts', change: 'created' },
      ],
    },
  ]);
  expect(Math.abs(Date.parse(operations[0].time) - started)).toBeLessThan(600_000);

  const shown = krepisOk(['history', 'show', operations[0].id, '--patch'], { cwd: root }).stdout;
  for (const part of [operations[0].id, 'add Two', userInfo().username, 'krepis apply -', 'src/n.ts']) {
    expect(shown).toContain(part);
  }
  expect(shown).toContain('-export const providers = [One];\n+export const providers = [One, Two];');
  const patch = shown.slice(shown.indexOf('diff --git'));
  writeFileSync(join(root, '..', 'op.patch'), patch);
  ok('git', ['apply', '--check', '-R', join(root, '..', 'op.patch')], root);
  rmSync(join(root, '..', 'op.patch'));
});

test('undo takes back what the operation inserted where the file was edited since', () => {
  const root = applied();
  writeFileSync(join(root, 'src/a.ts'), '// mine\nexport const providers = [\n  One,\n  Two,\n  Three,\n];\n');
  krepisOk(['undo'], { cwd: root });
  const text = readFileSync(join(root, 'src/a.ts'), 'utf8');
  expect(text).toContain('// mine');
  expect(text).toContain('Three');
  expect(text).not.toContain('Two');
  expect(text.replace(/\s/g, '')).toMatch(/\[One,Three,?\];$/);
});

test('undo that would lose an edit: exit 3, the file named, nothing touched; --skip and --force are the ways out', () => {
  const root = applied();
  writeFileSync(join(root, 'src/n.ts'), 'entirely different now\n');
  const before = snapshot(root);
  const outcome = krepis(['undo', '--json'], { cwd: root });
  expect(outcome.code).toBe(3);
  expect(JSON.stringify(failure(outcome))).toContain('src/n.ts');
  expect(failure(outcome).hint).toMatch(/--force|--skip/);
  expect(snapshot(root)).toEqual(before);
  krepisOk(['undo', '--skip'], { cwd: root });
  expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe(A);
  expect(readFileSync(join(root, 'src/n.ts'), 'utf8')).toBe('entirely different now\n');
});

test('undo and redo walk over several operations and end with a clear message', () => {
  const root = workspace({ 'src/a.ts': 'export const a = 0;\n' });
  const states = [snapshot(root)];
  for (const n of [1, 2, 3]) {
    const text = readFileSync(join(root, 'src/a.ts'), 'utf8');
    const change = {
      title: `to ${n}`,
      files: [{ path: 'src/a.ts', before: sha256(text), text: `export const a = ${n};\n` }],
    };
    krepisOk(['apply', '-'], { cwd: root, input: JSON.stringify(change) });
    states.push(snapshot(root));
  }
  for (const n of [2, 1, 0]) {
    krepisOk(['undo'], { cwd: root });
    expect(snapshot(root)).toEqual(states[n]);
  }
  const nothing = krepis(['undo', '--json'], { cwd: root });
  expect(nothing.code).toBe(1);
  expect(failure(nothing).code).toMatch(/^KRP4/);
  for (const n of [1, 2, 3]) {
    krepisOk(['redo'], { cwd: root });
    expect(snapshot(root)).toEqual(states[n]);
  }
  expect(krepis(['redo'], { cwd: root }).code).toBe(1);
});

test('reading commands never write: history, check and plan leave a fresh workspace without .krepis', () => {
  const module =
    "import { defineModule } from '@krepis/core';\nexport const appModule = defineModule({ providers: [] });\n";
  const root = workspace({ 'src/app.module.ts': module });
  const before = ok('find', ['.'], root).stdout;
  krepisOk(['history'], { cwd: root });
  krepisOk(['check'], { cwd: root });
  krepisOk(['plan', 'service', 'x'], { cwd: root });
  expect(ok('find', ['.'], root).stdout).toBe(before);
});
