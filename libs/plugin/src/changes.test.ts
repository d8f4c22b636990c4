import fc from 'fast-check';
import { changes, digest, Refusal } from './index.ts';
import { applyChangeSet, memoryView } from './testing/index.ts';

const refusalOf = (callback: () => unknown): Refusal => {
  try {
    callback();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

test('an edit gives the digest it was made from and offsets in bytes', () => {
  const files = { 'a.ts': '\uFEFFconst ß = "😀";\n' };
  const text = files['a.ts'];
  const at = text.indexOf(';');
  const set = changes(memoryView(files), 'edit')
    .edit('a.ts', [{ start: at, end: at, text: ' + 1' }])
    .done();
  expect(set).toEqual({
    title: 'edit',
    files: [{ path: 'a.ts', before: digest(text), edits: [{ start: 20, end: 20, text: ' + 1' }] }],
  });
  expect(applyChangeSet(files, set)['a.ts']).toBe('\uFEFFconst ß = "😀" + 1;\n');
});

test('edits by UTF-16 offsets come out as splicing the text would, whatever the characters', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(
      text,
      fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.string({ unit: 'grapheme' })), { maxLength: 5 }),
      (source, wishes) => {
        const boundaries = [0, ...[...source].map((_, index, all) => all.slice(0, index + 1).join('').length)];
        let from = 0;
        const edits = wishes
          .map(([position, length, replacement]) => [position % boundaries.length, length, replacement] as const)
          .sort((a, b) => a[0] - b[0])
          .flatMap(([index, length, replacement]) => {
            if (index < from) return [];
            from = Math.min(index + length, boundaries.length - 1);
            return [{ start: boundaries[index] as number, end: boundaries[from] as number, text: replacement }];
          });
        let expected = '';
        let copied = 0;
        for (const { start, end, text: replacement } of edits) {
          expected += source.slice(copied, start) + replacement;
          copied = end;
        }
        expected += source.slice(copied);
        const files = { 'a.txt': source };
        const set = changes(memoryView(files), 'edit')
          .edit('a.txt', [...edits].reverse().reverse())
          .done();
        expect(applyChangeSet(files, set)['a.txt']).toBe(expected);
      },
    ),
  );
});

test('create, delete and rename in one change; reads are what was looked at beside them', () => {
  const files = { 'old.ts': 'old', 'gone.ts': 'gone', 'seen.ts': 'seen' };
  const view = memoryView(files);
  view.read('seen.ts');
  view.read('missing.ts');
  const set = changes(view, 'move')
    .create('run.sh', '#!/bin/sh\n', { mode: '755' })
    .delete('gone.ts')
    .rename('old.ts', 'new.ts')
    .done();
  expect(set.files).toEqual([
    { path: 'run.sh', text: '#!/bin/sh\n', mode: '755' },
    { path: 'gone.ts', before: digest('gone'), delete: true },
    { path: 'new.ts', before: digest('old'), renamedFrom: 'old.ts' },
  ]);
  expect(set.reads).toEqual([
    { path: 'seen.ts', digest: digest('seen') },
    { path: 'missing.ts', digest: '' },
  ]);
  expect(applyChangeSet(files, set)).toEqual({ 'seen.ts': 'seen', 'run.sh': '#!/bin/sh\n', 'new.ts': 'old' });
});

test('insertions at one offset keep their order', () => {
  const files = { 'a.ts': 'ab' };
  const edits = ['1', '2', '3'].map((text) => ({ start: 1, end: 1, text }));
  expect(applyChangeSet(files, changes(memoryView(files), 't').edit('a.ts', edits).done())['a.ts']).toBe('a123b');
});

test('no edits: nothing to be done', () => {
  expect(
    changes(memoryView({ 'a.ts': '' }), 'nothing')
      .edit('a.ts', [])
      .done(),
  ).toEqual({ title: 'nothing', files: [] });
});

test.each([
  ['KRP6901', (view: ReturnType<typeof memoryView>) => changes(view, '').create('a.ts', '')],
  ['KRP6901', (view: ReturnType<typeof memoryView>) => changes(view, '').rename('a.ts', 'b.ts')],
  ['KRP6902', (view: ReturnType<typeof memoryView>) => changes(view, '').delete('nope.ts')],
  [
    'KRP6902',
    (view: ReturnType<typeof memoryView>) => changes(view, '').edit('nope.ts', [{ start: 0, end: 0, text: '' }]),
  ],
  ['KRP6903', (view: ReturnType<typeof memoryView>) => changes(view, '').delete('a.ts').delete('a.ts')],
  [
    'KRP6904',
    (view: ReturnType<typeof memoryView>) => changes(view, '').edit('a.ts', [{ start: 0, end: 9, text: '' }]),
  ],
  [
    'KRP6905',
    (view: ReturnType<typeof memoryView>) =>
      changes(view, '').edit('a.ts', [
        { start: 0, end: 2, text: '' },
        { start: 1, end: 2, text: '' },
      ]),
  ],
  [
    'KRP6906',
    (view: ReturnType<typeof memoryView>) => changes(view, '').edit('a.ts', [{ start: 1, end: 1, text: 'x' }]),
  ],
])('the impossible is refused with %s', (code, run) => {
  const refusal = refusalOf(() => run(memoryView({ 'a.ts': '😀b', 'b.ts': '' })));
  expect(refusal).toMatchObject({ code, name: 'Refusal', hint: expect.any(String) });
  expect(refusal.message).not.toMatch(/\{\w+\}/);
});

test('a file that is not UTF-8 is not edited by text', () => {
  const view = { ...memoryView({ 'a.bin': 'x' }), readBytes: () => new Uint8Array([0x66, 0xff, 0x66]) };
  expect(refusalOf(() => changes(view, '').edit('a.bin', [{ start: 0, end: 0, text: 'x' }])).code).toBe('KRP6907');
});
