/** `krepis cache stats|clear`: what a workspace keeps beside its history, and that it can always go. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure, krepis, krepisOk, ok } from './krepis.ts';
import { removeTemporary, workspace } from './workspace.ts';

afterAll(removeTemporary);

const A = { 'src/a.ts': 'export const a = 1;\n' };

/** A kind of another version of krepis, as its folder looks. */
function withKind(root: string, name: string): string {
  const folder = join(root, '.krepis/cache', name);
  mkdirSync(join(folder, 'v9'), { recursive: true });
  writeFileSync(join(folder, 'holder'), '');
  writeFileSync(join(folder, 'v9/db'), 'x'.repeat(5000));
  return folder;
}

test('stats of a workspace without caches: all empty, and nothing is made', () => {
  const root = workspace(A);
  const before = ok('find', ['.'], root).stdout;
  const { schema, caches } = JSON.parse(krepisOk(['cache', 'stats', '--json'], { cwd: root }).stdout);
  expect(schema).toBe(1);
  expect(caches).toEqual([
    {
      name: 'history-index',
      bytes: 0,
      limit: 256 << 20,
      records: 0,
      payload: 0,
      state: 'empty',
      damagedCopy: false,
    },
  ]);
  expect(krepisOk(['cache', 'stats'], { cwd: root }).stdout).toBe('history-index  0 KiB of 256 MiB, 0 records\n');
  expect(ok('find', ['.'], root).stdout).toBe(before);
});

test('clear removes one kind, or all, and leaves the history alone', () => {
  const root = workspace(A);
  const change = JSON.stringify({ title: 'b', files: [{ path: 'src/b.ts', text: 'export const b = 1;\n' }] });
  krepisOk(['apply', '-'], { cwd: root, input: change });
  const [one, other] = [withKind(root, 'facts'), withKind(root, 'shadow')];
  expect(krepisOk(['cache', 'stats'], { cwd: root }).stdout).toContain('facts  5 KiB\n');
  const cleared = JSON.parse(krepisOk(['cache', 'clear', 'facts', '--json'], { cwd: root }).stdout);
  expect(cleared).toEqual({ schema: 1, cleared: ['facts'], bytes: 5000 });
  expect([existsSync(join(one, 'v9')), existsSync(join(other, 'v9'))]).toEqual([false, true]);
  expect(krepisOk(['cache', 'clear'], { cwd: root }).stderr).toBe('Cleared facts, history-index, shadow: 5 KiB.\n');
  expect(existsSync(join(other, 'v9'))).toBe(false);
  krepisOk(['undo'], { cwd: root });
  expect(existsSync(join(root, 'src/b.ts'))).toBe(false);
});

test('a name that is no cache is refused with the names there are, whatever it points to', () => {
  const root = workspace(A);
  for (const name of ['nope', '..', '../history', 'holder', '']) {
    const refused = krepis(['cache', 'clear', name, '--json'], { cwd: root });
    expect(refused.code).toBe(2);
    expect(failure(refused)).toMatchObject({ code: 'KRP4082', hint: 'there is: history-index' });
  }
});

test('a link in the place of a cache is removed, not what it points to', () => {
  const root = workspace(A);
  const folder = withKind(root, 'facts');
  const precious = join(root, 'precious');
  mkdirSync(precious);
  writeFileSync(join(precious, 'file'), '');
  symlinkSync(precious, join(folder, 'link'));
  krepisOk(['cache', 'clear', 'facts'], { cwd: root });
  expect(existsSync(join(folder, 'link'))).toBe(false);
  expect(existsSync(join(precious, 'file'))).toBe(true);
});
