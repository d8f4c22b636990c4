/** `krepis history`: who, when, which command, which files, the diff (Shows 9); undo, redo, later edits. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { failure, krepis, krepisOk, ok, repository } from './krepis.ts';
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

/** Applies whole texts; `null` deletes. The id of the operation. */
function change(
  root: string,
  title: string,
  files: Record<string, string | null>,
  more: readonly string[] = [],
): string {
  const entries = Object.entries(files).map(([path, text]) => {
    const before = existsSync(join(root, path)) ? { before: sha256(readFileSync(join(root, path))) } : {};
    return { path, ...before, ...(text === null ? { delete: true } : { text }) };
  });
  const input = JSON.stringify({ title, files: entries });
  return JSON.parse(krepisOk(['apply', '-', '--json', ...more], { cwd: root, input }).stdout).operation;
}

const read = (root: string, path: string) => readFileSync(join(root, path), 'utf8');

test('an older operation, some of its files, and both again: undo OP, --path, redo OP', () => {
  const root = workspace({ 'src/a.ts': 'export const a = 1;\n' });
  const before = snapshot(root);
  const first = change(root, 'first', { 'src/b.ts': 'export const b = 1;\n', 'src/c/d.ts': 'export const d = 1;\n' });
  change(root, 'second', { 'src/a.ts': 'export const a = 2;\n' });
  const after = snapshot(root);

  const dry = krepisOk(['undo', first, '--dry-run'], { cwd: root });
  expect(dry.stdout).toContain('deleted file mode');
  expect(snapshot(root)).toEqual(after);

  krepisOk(['undo', first, '--path', 'src/c'], { cwd: root });
  expect(existsSync(join(root, 'src/c'))).toBe(false);
  expect(existsSync(join(root, 'src/b.ts'))).toBe(true);
  krepisOk(['undo', first], { cwd: root });
  expect(existsSync(join(root, 'src/b.ts'))).toBe(false);
  expect(read(root, 'src/a.ts')).toContain('a = 2');

  const again = JSON.parse(krepisOk(['redo', first, '--json'], { cwd: root }).stdout);
  expect(again.title).toBe('redo first');
  expect(snapshot(root)).toEqual(after);
  const refused = krepis(['redo', first, '--json'], { cwd: root });
  expect([refused.code, failure(refused).code]).toEqual([1, 'KRP4018']);

  krepisOk(['undo'], { cwd: root });
  krepisOk(['undo'], { cwd: root });
  expect(snapshot(root)).toEqual(before);
  const root_ = krepis(['undo'], { cwd: root });
  expect(root_.code).toBe(1);
  expect(root_.stderr).toContain('this is the state before the first one');
});

test('what was undone before a new change is a branch: history --graph shows it, redo OP reaches it', () => {
  const root = workspace({ 'src/a.ts': 'export const list = [One];\n' });
  const base = change(root, 'add Base', { 'src/base.ts': 'export {};\n' });
  const older = change(root, 'add Two', { 'src/a.ts': 'export const list = [One, Two];\n' });
  krepisOk(['undo'], { cwd: root });
  const younger = change(root, 'add Three', { 'src/a.ts': 'export const list = [One, Three];\n' });

  const time = /\d{4}-\d\d-\d\dT[\d:]+Z/g;
  const named = (text: string) =>
    text.replaceAll(base, 'BASE').replaceAll(older, 'OLDER').replaceAll(younger, 'YOUNGER').replace(time, 'TIME');
  expect(named(krepisOk(['history', '--graph'], { cwd: root }).stdout)).toBe(
    [
      '@  YOUNGER  TIME',
      '│  add Three',
      '│ ×  OLDER  TIME',
      '├─╯  add Two (undone)',
      '○  BASE  TIME',
      '│  add Base',
      '◆  before the first operation',
      '',
    ].join('\n'),
  );
  const graph = JSON.parse(krepisOk(['history', '--graph', '--json'], { cwd: root }).stdout);
  expect(graph.current).toBe(younger);
  expect(graph.changes.map(({ id, base, state }: Record<string, unknown>) => [id, base, state])).toEqual([
    [younger, base, 'done'],
    [older, base, 'undone'],
    [base, null, 'done'],
  ]);

  const nothing = krepis(['redo', '--json'], { cwd: root });
  expect(nothing.code).toBe(1);
  expect(failure(nothing).hint).toContain(`krepis redo ${older}`);
  krepisOk(['redo', older], { cwd: root });
  expect(read(root, 'src/a.ts')).toBe('export const list = [One, Two, Three];\n');
});

test('the older of two registrations goes after a real formatter ran over the file', () => {
  const list = (...names: string[]) =>
    `import { defineModule } from 'x';\n\nexport const appModule = defineModule({ providers: [${names.join(', ')}] });\n`;
  const root = workspace({
    'src/app.ts': list('FirstProvider'),
    'biome.json':
      '{ "javascript": { "formatter": { "quoteStyle": "double" } }, "formatter": { "indentStyle": "space" } }\n',
  });
  const older = change(root, 'older', { 'src/app.ts': list('FirstProvider', 'OlderProvider') });
  change(root, 'younger', {
    'src/app.ts': list('FirstProvider', 'OlderProvider', 'YoungerProvider', 'OneMoreProviderWithAName'),
  });
  ok(join(repository, 'node_modules/.bin/biome'), ['format', '--write', 'src/app.ts'], root);
  const formatted = read(root, 'src/app.ts');
  expect(formatted).toContain('import { defineModule } from "x"');
  expect(formatted).toMatch(/\[\n\s+FirstProvider,\n/);
  krepisOk(['undo', older], { cwd: root });
  expect(read(root, 'src/app.ts')).toBe(formatted.replace(/\n\s+OlderProvider,/, ''));
});

test('an operation of another commit is undone by content, with a warning', () => {
  const root = applied();
  ok('git', ['add', '-A'], root);
  ok('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', 'commit', '-qm', 'with Two'], root);
  const head = ok('git', ['rev-parse', 'HEAD'], root).stdout.trim();
  const made = ok('git', ['rev-parse', 'HEAD~1'], root).stdout.trim();
  expect(krepisOk(['history'], { cwd: root }).stdout).toContain(`, at ${made.slice(0, 10)}`);
  const undone = krepisOk(['undo'], { cwd: root });
  expect(undone.stderr).toContain(`made at commit ${made.slice(0, 10)}, git HEAD is ${head.slice(0, 10)} now`);
  expect(read(root, 'src/a.ts')).toBe(A);
  ok('git', ['checkout', '-q', '-f', made], root);
  const redo = JSON.parse(krepisOk(['redo', '--json'], { cwd: root }).stdout);
  expect(redo.checkout).toBeNull();
});

test('retention: history gc, its dry run, the horizon, and what happens by itself', () => {
  const root = workspace({ 'src/a.ts': 'export const a = 0;\n' });
  const config = JSON.parse(read(root, 'krepis.json'));
  writeFileSync(join(root, 'krepis.json'), JSON.stringify({ ...config, history: { keepOperations: 3 } }));
  const ids = [1, 2, 3].map((n) => change(root, `to ${n}`, { 'src/a.ts': `export const a = ${n};\n` }));
  const plan = JSON.parse(krepisOk(['history', 'gc', '--dry-run', '--json'], { cwd: root }).stdout);
  expect([plan.dryRun, plan.removed, plan.kept, plan.limits.keepOperations]).toEqual([true, [], 3, 3]);
  ids.push(change(root, 'to 4', { 'src/a.ts': 'export const a = 4;\n' }));
  const { operations, removed } = JSON.parse(krepisOk(['history', '--json'], { cwd: root }).stdout);
  expect(operations.map(({ id }: { id: string }) => id)).toEqual(ids.slice(1).reverse());
  expect(removed).toBe(1);
  expect(krepisOk(['history'], { cwd: root }).stderr).toContain('1 older operation was removed by retention');

  writeFileSync(join(root, 'krepis.json'), JSON.stringify({ ...config, history: { keepOperations: 1 } }));
  const gc = krepisOk(['history', 'gc'], { cwd: root });
  expect(gc.stdout.split('\n').slice(0, 2)).toEqual([`${ids[1]}  to 2`, `${ids[2]}  to 3`]);
  expect(gc.stderr).toMatch(/^2 operations \([^)]+\) and 0 old files removed; 1 \([^)]+\) kept\.$/m);
  krepisOk(['undo'], { cwd: root });
  expect(read(root, 'src/a.ts')).toBe('export const a = 3;\n');
  const horizon = krepis(['undo', '--json'], { cwd: root });
  expect([horizon.code, failure(horizon).code]).toEqual([1, 'KRP4017']);
  expect(failure(horizon).reason).toContain('older operations were removed by retention (3 operations)');
  expect(failure(krepis(['undo', ids[0] ?? '', '--json'], { cwd: root })).code).toBe('KRP4017');
});

test('an operation file that was deleted: named, exit 5, and given up by recover --forget-damaged', () => {
  const root = workspace({ 'src/a.ts': 'export const a = 0;\n' });
  const ids = [1, 2, 3].map((n) => change(root, `to ${n}`, { [`src/f${n}.ts`]: 'export {};\n' }));
  rmSync(join(root, `.krepis/history/ops/${ids[1]}.op`));
  const before = snapshot(root);
  const refused = krepis(['undo', '--json'], { cwd: root });
  expect([refused.code, failure(refused).code]).toEqual([5, 'KRP4016']);
  expect(krepisOk(['history'], { cwd: root }).stderr).toContain(`${ids[1]} cannot be undone`);
  expect(krepis(['doctor'], { cwd: root }).stdout).toMatch(/bad\s+history/);
  const said = krepisOk(['recover', '--forget-damaged'], { cwd: root }).stderr;
  expect(said).toContain(`${ids[1]} is given up: its file was missing.`);
  expect(snapshot(root)).toEqual(before);
  krepisOk(['undo'], { cwd: root });
  krepisOk(['undo'], { cwd: root });
  expect(existsSync(join(root, 'src/f2.ts'))).toBe(true);
  expect(existsSync(join(root, 'src/f1.ts'))).toBe(false);
});

test('secrets: a change of one is refused, and one listed later is not recorded by an undo', () => {
  const root = workspace({ 'src/a.ts': 'export {};\n', '.env.local': 'TOKEN=hush-1\n', 'config/keys.json': '{}\n' });
  const recorded = () => ok('sh', ['-c', 'cat .krepis/history/ops/* 2>/dev/null | zstdcat -f 2>/dev/null; true'], root);
  for (const path of ['.env.local', 'apps/x/.env']) {
    const before = existsSync(join(root, path)) ? { before: sha256(read(root, path)) } : {};
    const input = JSON.stringify({ title: 't', files: [{ path, ...before, text: 'TOKEN=hush-2\n' }] });
    const refused = krepis(['apply', '-', '--json'], { cwd: root, input });
    expect([refused.code, failure(refused).code]).toEqual([2, 'KRP4504']);
  }
  expect(existsSync(join(root, '.krepis/history/ops'))).toBe(false);
  expect(read(root, '.env.local')).toBe('TOKEN=hush-1\n');

  change(root, 'keys', { 'config/keys.json': '{ "a": 1 }\n', 'src/b.ts': 'export {};\n' });
  const config = JSON.parse(read(root, 'krepis.json'));
  writeFileSync(join(root, 'krepis.json'), JSON.stringify({ ...config, secrets: ['config/**'] }));
  writeFileSync(join(root, 'config/keys.json'), '{ "a": "hush-3" }\n');
  const before = [snapshot(root), recorded().stdout];
  const refused = krepis(['undo', '--force', '--json'], { cwd: root });
  expect([refused.code, failure(refused).code]).toEqual([2, 'KRP4504']);
  expect(failure(refused).hint).toContain('--path');
  expect([snapshot(root), recorded().stdout]).toEqual(before);
  krepisOk(['undo', '--path', 'src'], { cwd: root });
  expect(existsSync(join(root, 'src/b.ts'))).toBe(false);
  expect(read(root, 'config/keys.json')).toContain('hush-3');
});

test('names that are not UTF-8 are refused and their files left alone', () => {
  const root = workspace({ 'src/a.ts': 'export {};\n' });
  const patch =
    'diff --git "a/src/caf\\351.ts" "b/src/caf\\351.ts"\nnew file mode 100644\n--- /dev/null\n+++ "b/src/caf\\351.ts"\n@@ -0,0 +1 @@\n+x\n';
  const refused = krepis(['apply', '-', '--json'], { cwd: root, input: patch });
  expect(refused.code).toBe(2);
  expect(failure(refused).code).toMatch(/^KRP2/);
  expect(`${failure(refused).message} ${failure(refused).reason ?? ''}`).toMatch(/UTF-8/);
  expect(existsSync(join(root, '.krepis'))).toBe(false);
});
