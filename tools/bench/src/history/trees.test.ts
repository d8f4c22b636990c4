import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertTree, changeSet, removeNaively, tree, writeNaively } from './trees.ts';

test('every file has the length asked for, and another version another text', () => {
  const [one, other] = [tree(250, 4096, 1), tree(250, 4096, 2)];
  expect(one.size).toBe(250);
  expect(one.has('src/m002/f49.ts')).toBe(true);
  expect(new Set(one.values()).size).toBe(250);
  for (const [path, text] of one) {
    expect(Buffer.byteLength(text)).toBe(4096);
    expect(other.get(path)).not.toBe(text);
  }
  expect(tree(250, 4096, 1)).toEqual(one);
});

test('a change set says what was there by its digest, and leaves out what stays', () => {
  const from = new Map(Object.entries({ a: 'old', b: 'same', c: 'gone' }));
  const to = new Map(Object.entries({ a: 'new', b: 'same', d: 'made' }));
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  expect(JSON.parse(changeSet('t', from, to))).toEqual({
    title: 't',
    files: [
      { path: 'a', before: digest('old'), text: 'new' },
      { path: 'c', before: digest('gone'), delete: true },
      { path: 'd', text: 'made' },
    ],
  });
});

test('the naive loops write and remove, and a missing or different file is seen', () => {
  const root = mkdtempSync(join(tmpdir(), 'krepis-bench-trees-'));
  try {
    const files = tree(3, 100, 1);
    writeNaively(root, files);
    assertTree(root, files);
    expect(() => assertTree(root, tree(3, 100, 2))).toThrow('is not as it should be');
    removeNaively(root, files);
    expect(existsSync(join(root, 'src/m000/f00.ts'))).toBe(false);
    expect(() => assertTree(root, files)).toThrow('ENOENT');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
