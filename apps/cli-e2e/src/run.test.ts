/** `krepis run`: commands beside each other; one that misbehaves costs itself only (Shows 7); merging (Shows 8). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { krepis, krepisOk, krepisStart } from './krepis.ts';
import { historyFiles, removeTemporary, snapshot, workspace } from './workspace.ts';

afterAll(removeTemporary);

const good =
  "export default () => ({ title: 'good', files: [{ path: 'src/good.ts', text: 'export const good = 1;\\n' }] });\n";
const culprits: Record<string, string> = {
  throws: "export default () => { throw new Error('on purpose'); };\n",
  rejects: "export default async () => { await null; throw new Error('on purpose'); };\n",
  stray:
    "export default async () => { Promise.reject(new Error('on purpose')); await new Promise((r) => setTimeout(r, 5000)); return { title: 't', files: [] }; };\n",
  exits: 'export default () => { process.exit(0); };\n',
  loops: 'export default () => { for (;;); };\n',
  waits: 'export default () => new Promise(() => { setInterval(() => {}, 1000); });\n',
  heap: "export default () => { const all: string[][] = []; for (;;) all.push(new Array(100000).fill('x')); };\n",
  garbage: "export default () => 'not a change set';\n",
  unknown: "export default () => ({ title: 't', filez: [] });\n",
  syntax: 'export default () => {{;\n',
  nothing: 'export const notDefault = 1;\n',
};

function commands(sources: Record<string, string>, extra: Record<string, string> = {}): string {
  const names = Object.keys(sources);
  return workspace({
    'krepis.json': `${JSON.stringify(
      {
        schema: 1,
        runtime: 'standard',
        root: 'src',
        elements: [{ name: 'app', files: ['src/**'] }],
        rules: [],
        commands: Object.fromEntries(names.map((name) => [name, `./tools/${name}.ts`])),
      },
      null,
      2,
    )}\n`,
    'src/a.ts': 'export const a = 1;\n',
    ...Object.fromEntries(names.map((name) => [`tools/${name}.ts`, sources[name]!])),
    ...extra,
  });
}

describe.each(Object.keys(culprits))('a command that %s', (name) => {
  test('beside a good one: the good result is applied, exit 70, the culprit is named', () => {
    const root = commands({ good, [name]: culprits[name]! });
    const outcome = krepis(['run', 'good', name, '--timeout', '3', '--memory', '64'], { cwd: root });
    expect(outcome.code).toBe(70);
    expect(outcome.stderr).toContain(name);
    expect(outcome.stderr).toMatch(/error\[KRP5\d{3}\]/);
    expect(readFileSync(join(root, 'src/good.ts'), 'utf8')).toBe('export const good = 1;\n');
    krepisOk(['undo'], { cwd: root });
    expect(existsSync(join(root, 'src/good.ts'))).toBe(false);
  });
});

test('all culprits at once and a good one', () => {
  const root = commands({ good, ...culprits });
  const outcome = krepis(['run', ...Object.keys(culprits), 'good', '--timeout', '5', '--memory', '64'], { cwd: root });
  expect(outcome.code).toBe(70);
  for (const name of Object.keys(culprits)) expect(outcome.stderr).toContain(name);
  expect(existsSync(join(root, 'src/good.ts'))).toBe(true);
});

test('--all-or-nothing applies none unless all succeed', () => {
  const root = commands({ good, throws: culprits.throws! });
  const before = snapshot(root);
  const outcome = krepis(['run', 'good', 'throws', '--all-or-nothing'], { cwd: root });
  expect(outcome.code).toBe(70);
  expect(snapshot(root)).toEqual(before);
  expect(historyFiles(root)).toEqual({});
});

test('what a command prints is shown under its name and never breaks the protocol', () => {
  const root = commands({
    loud: "import { writeSync } from 'node:fs';\nexport default () => { console.log('hello from loud'); process.stdout.write('raw\\n'); writeSync(1, 'direct\\n'); return { title: 'loud', files: [{ path: 'src/l.ts', text: 'export const l = 1;\\n' }] }; };\n",
  });
  const outcome = krepisOk(['run', 'loud'], { cwd: root });
  expect(outcome.stderr).toContain('loud | hello from loud');
  expect(outcome.stderr).toContain('raw');
  expect(existsSync(join(root, 'src/l.ts'))).toBe(true);
});

/** A command that adds a provider to the one-line list of src/app.ts, in the way a careless author writes it. */
const adds = (name: string) =>
  `
import { changes } from '@krepis/plugin';
export default (view) => {
  const text = view.read('src/app.ts');
  const open = text.indexOf('[') + 1;
  const close = text.indexOf(']');
  const empty = text.slice(open, close).trim() === '';
  const edit = { start: close, end: close, text: empty ? '${name}' : ', ${name}' };
  return { title: '${name}', files: [{ path: 'src/app.ts', before: digest(text), edits: [edit] }] };
};
import { createHash } from 'node:crypto';
const digest = (text) => createHash('sha256').update(text).digest('hex');
`.replace("import { changes } from '@krepis/plugin';\n", '');

test.each([
  ['an empty list', 'export const providers = [];\n', ['A', 'B', 'C']],
  ['a list with one entry', 'export const providers = [X];\n', ['X', 'A', 'B', 'C']],
])('several commands add to %s in one invocation: all land, in command order', (_, text, expected) => {
  const root = commands({ one: adds('A'), two: adds('B'), three: adds('C') }, { 'src/app.ts': text });
  krepisOk(['run', 'one', 'two', 'three'], { cwd: root });
  expect(readFileSync(join(root, 'src/app.ts'), 'utf8')).toBe(`export const providers = [${expected.join(', ')}];\n`);
  expect(Object.keys(historyFiles(root))).toHaveLength(1);
  krepisOk(['undo'], { cwd: root });
  expect(readFileSync(join(root, 'src/app.ts'), 'utf8')).toBe(text);
});

test('two commands that want different contents in one new file: both refused, exit 3', () => {
  const make = (text: string) =>
    `export default () => ({ title: 't', files: [{ path: 'src/same.ts', text: 'export const s = ${text};\\n' }] });\n`;
  const root = commands({ one: make('1'), two: make('2'), good });
  const outcome = krepis(['run', 'one', 'good', 'two'], { cwd: root });
  expect(outcome.code).toBe(3);
  expect(outcome.stderr).toContain('one');
  expect(outcome.stderr).toContain('two');
  expect(existsSync(join(root, 'src/same.ts'))).toBe(false);
  expect(existsSync(join(root, 'src/good.ts'))).toBe(true);
});

test('eight processes add to one list at once: each lands or says conflict, none is lost', async () => {
  const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'];
  const root = commands(Object.fromEntries(names.map((name) => [`add${name}`, adds(name)])), {
    'src/app.ts': 'export const providers = [];\n',
  });
  const outcomes = await Promise.all(names.map((name) => krepisStart(['run', `add${name}`], { cwd: root })));
  const text = readFileSync(join(root, 'src/app.ts'), 'utf8');
  const listed = text
    .slice(text.indexOf('[') + 1, text.indexOf(']'))
    .split(',')
    .map((name) => name.trim());
  for (const [index, outcome] of outcomes.entries()) {
    expect([0, 3, 75]).toContain(outcome.code);
    expect(listed.includes(names[index]!)).toBe(outcome.code === 0);
  }
  expect(outcomes.some((outcome) => outcome.code === 0)).toBe(true);
  expect(Object.keys(historyFiles(root))).toHaveLength(outcomes.filter((outcome) => outcome.code === 0).length);
});

test('an unknown command: exit 2, the known ones named, nothing started', () => {
  const root = commands({ good });
  const outcome = krepis(['run', 'goood', '--json'], { cwd: root });
  expect(outcome.code).toBe(2);
  expect(outcome.stdout).toContain('good');
});
