import { changeSetFromJson } from './change-set.ts';

const DIGEST = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

test('every form of a file change is read', () => {
  const set = changeSetFromJson({
    schema: 1,
    title: 'all forms',
    files: [
      { path: 'a.ts', before: DIGEST, text: 'x' },
      { path: 'logo.png', content: 'AAEC', mode: '755' },
      { path: 'b.ts', before: DIGEST, delete: true },
      { path: 'c.ts', before: DIGEST, renamedFrom: 'old.ts' },
      { path: 'd', symlink: 'c.ts' },
      { path: 'e.ts', before: DIGEST, edits: [{ start: 1, end: 2, text: 'é' }] },
      { path: 'f.ts', edits: [{ find: 'a', replace: '' }] },
    ],
    reads: [{ path: 'g.ts', digest: '' }],
  });
  expect(set.files.map((file) => file.body?.$case ?? (file.edits.length > 0 ? 'edits' : 'rename'))).toEqual([
    'text',
    'content',
    'delete',
    'rename',
    'symlink',
    'edits',
    'edits',
  ]);
  expect(set.files[1]?.body).toEqual({ $case: 'content', value: Buffer.from([0, 1, 2]) });
  expect(set.reads).toEqual([{ path: 'g.ts', digest: '' }]);
});

test('reads of the view are joined; the change set wins; targets are left out', () => {
  const set = changeSetFromJson(
    { title: 't', files: [{ path: 'a.ts', before: DIGEST, text: '' }], reads: [{ path: 'b.ts', digest: OTHER }] },
    [
      { path: 'a.ts', digest: DIGEST },
      { path: 'b.ts', digest: DIGEST },
      { path: 'c.ts', digest: '' },
    ],
  );
  expect(set.reads).toEqual([
    { path: 'b.ts', digest: OTHER },
    { path: 'c.ts', digest: '' },
  ]);
});

const file = (extra: object) => ({ title: 't', files: [{ path: 'a.ts', ...extra }] });

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'the result must be an object'],
  ['a number', 42, 'the result must be an object, not 42'],
  ['an array', [], 'the result must be an object, not an array'],
  ['an unknown field', { title: 't', file: [] }, 'unknown field `file`'],
  ['an unknown field of a file', file({ txt: 'x' }), 'files[0] has an unknown field `txt`'],
  ['snake case', file({ renamed_from: 'b' }), 'unknown field `renamed_from`'],
  ['two bodies', file({ text: '', symlink: 'b' }), 'files[0] has more than one of text, symlink'],
  ['a body and edits', file({ text: '', edits: [{ find: 'a', replace: 'b' }] }), 'more than one of text, edits'],
  ['no body', file({}), 'files[0] has none of'],
  ['no path', { files: [{ text: '' }] }, 'files[0].path must be a string'],
  ['a false deletion', file({ delete: false }), 'files[0].delete must be true'],
  ['a digest in capitals', file({ text: '', before: 'A'.repeat(64) }), 'files[0].before must be a sha256'],
  ['a numeric mode', file({ text: '', mode: 644 }), 'files[0].mode must be "644" or "755", not 644'],
  ['bytes that are not base64', file({ content: '%%' }), 'files[0].content must be base64'],
  ['a mixed edit', file({ edits: [{ start: 0, find: 'a', replace: '' }] }), 'files[0].edits[0] must be either'],
  ['an edit backwards', file({ edits: [{ start: 2, end: 1, text: '' }] }), 'must not be smaller than start'],
  [
    'half an offset',
    file({ edits: [{ start: 0.5, end: 1, text: '' }] }),
    'files[0].edits[0].start must be a byte offset',
  ],
  ['half a character', file({ text: '\ud800' }), 'files[0].text holds half of a surrogate pair'],
  ['another schema', { schema: 2, title: '' }, 'schema must be 1'],
])('%s is refused by name', (_, value, message) => {
  expect(() => changeSetFromJson(value)).toThrow(message);
});
