import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flush, folder, removeFolders, treeOver } from '../testing/workspace.ts';
import { applyToTree, type ChangeSet, pendingChanges, sha256 } from './change-set.ts';

afterEach(removeFolders);

const digest = (text: string) => sha256(Buffer.from(text));
const change = (...files: NonNullable<ChangeSet['files']>): ChangeSet => ({ schema: 1, title: 'test', files });

test('text, bytes, edits, deletion and rename go in byte for byte', () => {
  const text = '\uFEFFa\r\nüb\n';
  const bytes = Buffer.from([0xff, 0x00, 0xfe]);
  const root = folder({ 'edit.ts': text, 'gone.ts': 'x', 'old/name.ts': 'moved' });
  const tree = treeOver(root);
  const at = Buffer.from(text).indexOf('b');
  const touched = applyToTree(
    tree,
    '.',
    change(
      { path: 'new.ts', text: 'export {};\r\n' },
      { path: 'logo.png', content: bytes.toString('base64') },
      {
        path: 'edit.ts',
        before: digest(text),
        edits: [
          { start: at + 1, end: at + 1, text: 'ö' },
          { start: 0, end: 3, text: '' },
        ],
      },
      { path: 'gone.ts', before: digest('x'), delete: true },
      { path: 'name.ts', before: digest('moved'), renamedFrom: 'old/name.ts' },
    ),
  );
  flush(tree);
  const read = (path: string) => readFileSync(join(root, path));
  expect(read('new.ts').toString()).toBe('export {};\r\n');
  expect(read('logo.png')).toEqual(bytes);
  expect(read('edit.ts').toString()).toBe('a\r\nübö\n');
  expect(read('name.ts').toString()).toBe('moved');
  expect(() => read('gone.ts')).toThrow('ENOENT');
  expect(() => read('old/name.ts')).toThrow('ENOENT');
  expect(touched).toEqual(['new.ts', 'logo.png', 'edit.ts', 'gone.ts', 'name.ts', 'old/name.ts']);
});

test('a find/replace edit takes the one match', () => {
  const tree = treeOver(folder({ 'a.ts': 'one two' }));
  applyToTree(tree, '.', change({ path: 'a.ts', edits: [{ find: 'two', replace: '2' }] }));
  expect(tree.read('a.ts', 'utf8')).toBe('one 2');
});

test('a mode alone is a change', () => {
  const tree = treeOver(folder({ 'run.sh': '#!/bin/sh\n' }));
  const before = digest('#!/bin/sh\n');
  applyToTree(tree, '.', change({ path: 'run.sh', before, edits: [], mode: '755' }));
  expect(tree.listChanges()).toMatchObject([{ path: 'run.sh', type: 'UPDATE', options: { mode: '755' } }]);
});

test.each<[string, NonNullable<ChangeSet['files']>[number], RegExp]>([
  ['another content', { path: 'a.ts', before: digest('other'), text: 'x' }, /KRP7006[\s\S]*at: a\.ts[\s\S]*differs/],
  ['a file that should not exist', { path: 'a.ts', text: 'x' }, /KRP7006[\s\S]*it exists/],
  ['a file that should', { path: 'b.ts', before: digest('x'), text: 'x' }, /KRP7006[\s\S]*does not exist/],
  ['a find with two matches', { path: 'a.ts', edits: [{ find: 'a', replace: 'b' }] }, /KRP7006[\s\S]*exactly once/],
  ['a span beyond the end', { path: 'a.ts', before: digest('aa'), edits: [{ start: 1, end: 9, text: '' }] }, /KRP7006/],
  ['a rename onto a file', { path: 'a.ts', before: digest('c'), renamedFrom: 'c.ts' }, /KRP7006[\s\S]*renamed to/],
  ['a symbolic link', { path: 'link', symlink: 'a.ts' }, /KRP7008[\s\S]*krepis g/],
])('%s is refused, and nothing of the change goes in', (_, file, message) => {
  const tree = treeOver(folder({ 'a.ts': 'aa', 'c.ts': 'c' }));
  expect(() => applyToTree(tree, '.', change({ path: 'first.ts', text: 'ok' }, file))).toThrow(message);
  expect(tree.listChanges()).toEqual([]);
});

test('pending changes are what the tree holds below the workspace, bytes kept, folders as their files', () => {
  const root = folder({ 'apps/shop/old/a.ts': '', 'apps/shop/old/deep/b.ts': '', 'other/x.ts': 'x' });
  const tree = treeOver(root);
  tree.write('apps/shop/new.ts', 'ü\r\n');
  tree.write('apps/shop/run.sh', 'x', { mode: 0o755 });
  tree.write('apps/shop/raw', Buffer.from([0xff]));
  tree.write('other/x.ts', 'y');
  tree.delete('apps/shop/old');
  expect(pendingChanges(tree, 'apps/shop')).toEqual({
    schema: 1,
    title: 'pending',
    files: expect.arrayContaining([
      { path: 'new.ts', text: 'ü\r\n' },
      { path: 'run.sh', text: 'x', mode: '755' },
      { path: 'raw', content: '/w==' },
      { path: 'old/a.ts', delete: true },
      { path: 'old/deep/b.ts', delete: true },
    ]),
  });
  expect(pendingChanges(tree, 'apps/shop').files).toHaveLength(5);
});
