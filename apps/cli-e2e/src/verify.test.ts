/** `--verify CMD`: what was written stands only if the command ends with 0. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, environment, failure, krepis, krepisOk, start } from './krepis.ts';
import { removeTemporary, sha256, snapshot, workspace } from './workspace.ts';

afterAll(removeTemporary);

const LIST = 'export const list = [One];\n';

function input(root: string, text = 'export const list = [One, Two];\n'): string {
  const before = sha256(readFileSync(join(root, 'src/a.ts')));
  const files = [
    { path: 'src/a.ts', before, text },
    { path: 'src/new.ts', text: 'export {};\n' },
  ];
  return JSON.stringify({ title: 'add Two', files });
}

const fresh = () => workspace({ 'src/a.ts': LIST });
const read = (root: string, path: string) => readFileSync(join(root, path), 'utf8');

test('a command that succeeds confirms: it runs in the root, after the write, and is recorded', () => {
  const root = fresh();
  const command = 'test -f krepis.json && test -f src/new.ts && echo seen $KREPIS_OPERATION';
  const outcome = krepisOk(['apply', '-', '--verify', command], { cwd: join(root, 'src'), input: input(root) });
  const [operation] = JSON.parse(krepisOk(['history', '--json'], { cwd: root }).stdout).operations;
  expect(outcome.stdout).toContain(`seen ${operation.id}`);
  expect(outcome.stderr).toContain('Verified.');
  expect([operation.verify, operation.undone]).toEqual([command, false]);
  const json = krepisOk(['undo', '--json', '--verify', 'echo talk'], { cwd: root });
  expect(JSON.parse(json.stdout).title).toBe('undo add Two');
  expect(json.stderr).toContain('talk');
});

test('a command that fails: exit 1, KRP4024, every file as before, and undo and redo as if nothing had been', () => {
  const root = fresh();
  krepisOk(['apply', '-'], { cwd: root, input: input(root) });
  krepisOk(['undo'], { cwd: root });
  const before = snapshot(root);
  const change = input(root, 'export const list = [One, Three];\n');
  const outcome = krepis(['apply', '-', '--json', '--verify', 'echo reason; exit 3'], { cwd: root, input: change });
  expect([outcome.code, failure(outcome).code]).toEqual([1, 'KRP4024']);
  expect(failure(outcome).message).toBe(
    '`echo reason; exit 3` failed: "add Two" was taken back, every file is as before',
  );
  expect(outcome.stderr).toContain('reason');
  expect(snapshot(root)).toEqual(before);
  const { operations } = JSON.parse(krepisOk(['history', '--json'], { cwd: root }).stdout);
  expect([operations[0].rollback, operations[1].undone, operations[1].verify]).toEqual([
    true,
    true,
    'echo reason; exit 3',
  ]);
  expect(krepisOk(['history'], { cwd: root }).stdout).toContain('add Two (taken back: not verified)');
  // The redo of before is still the next one.
  krepisOk(['redo'], { cwd: root });
  expect(read(root, 'src/a.ts')).toContain('[One, Two]');
  // Undo and redo are confirmed in the same way.
  const there = snapshot(root);
  expect(krepis(['undo', '--verify', 'false'], { cwd: root }).code).toBe(1);
  expect(snapshot(root)).toEqual(there);
  krepisOk(['undo', '--verify', 'true'], { cwd: root });
  expect(krepis(['redo', '--verify', 'no-such-command-here'], { cwd: root }).code).toBe(1);
  expect(snapshot(root)).toEqual(before);
});

test('what the command itself edited is named and never lost', () => {
  const root = fresh();
  const edit = `node -e "const fs = require('fs'); fs.writeFileSync('src/a.ts', 'export const list = [\\n  One,\\n  Two,\\n  Mine,\\n];\\n'); fs.writeFileSync('src/new.ts', 'formatted\\n')"`;
  const passed = krepisOk(['apply', '-', '--verify', edit], { cwd: root, input: input(root) });
  expect(passed.stderr).toContain('src/a.ts: it was changed while the command ran');
  expect(passed.stderr).toContain('src/new.ts: it was changed while the command ran');
  expect(read(root, 'src/new.ts')).toBe('formatted\n');

  const other = fresh();
  const failed = krepis(['apply', '-', '--verify', `${edit}; false`], { cwd: other, input: input(other) });
  expect(failed.code).toBe(1);
  expect(read(other, 'src/a.ts')).toBe('export const list = [\n  One,\n  Mine,\n];\n');
  expect(existsSync(join(other, 'src/new.ts'))).toBe(false);
  expect(failed.stderr).toContain('src/a.ts was edited while the command ran: the edit is kept');
  const copy = failed.stderr.match(/a copy is kept in (.*)$/m)?.[1] ?? '';
  expect(readFileSync(copy, 'utf8')).toBe('formatted\n');
});

test('nobody is locked out meanwhile, and krepis itself may run in the command', () => {
  const root = fresh();
  const inner = `${binary('krepis')} history --json > seen.json && ${binary('krepis')} apply inner.json`;
  writeFileSync(
    join(root, 'inner.json'),
    JSON.stringify({ title: 'inner', files: [{ path: 'src/x.ts', text: 'export {};\n' }] }),
  );
  krepisOk(['apply', '-', '--lock-timeout', '0.5', '--verify', inner], { cwd: root, input: input(root) });
  expect(JSON.parse(read(root, 'seen.json')).operations[0].title).toBe('add Two');
  // One that fails after another operation came is taken back from under it.
  const other = fresh();
  writeFileSync(join(other, 'inner.json'), read(root, 'inner.json'));
  expect(krepis(['apply', '-', '--verify', `${inner}; false`], { cwd: other, input: input(other) }).code).toBe(1);
  expect(read(other, 'src/a.ts')).toBe(LIST);
  expect(existsSync(join(other, 'src/x.ts'))).toBe(true);
});

test('Ctrl-C ends the command and takes the operation back', async () => {
  const root = fresh();
  const before = snapshot(root);
  writeFileSync(join(root, 'change.json'), input(root));
  // The command signals the whole group, as a terminal does.
  const script = `exec setsid ${binary('krepis')} apply change.json --verify 'kill -INT 0; exec sleep 60'`;
  const outcome = await start('sh', ['-c', script], { cwd: root, env: environment() });
  expect([outcome.code, outcome.signal]).toEqual([1, null]);
  expect(outcome.stderr).toContain('KRP4024');
  const { 'change.json': _, ...now } = snapshot(root);
  expect(now).toEqual(before);
});

test('a dry run is not verified, and no change needs no verification', () => {
  const root = fresh();
  expect(krepis(['apply', '-', '--dry-run', '--verify', 'true'], { cwd: root }).code).toBe(2);
  const same = JSON.stringify({ title: 'same', files: [{ path: 'src/a.ts', before: sha256(LIST), text: LIST }] });
  krepisOk(['apply', '-', '--verify', 'touch ran'], { cwd: root, input: same });
  expect(readdirSync(root)).not.toContain('ran');
});
