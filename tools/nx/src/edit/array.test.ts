import { parseTree } from 'jsonc-parser';
import { type ArraySpan, insertElement, removeElement, sortedIndex } from './array.ts';

/** The only array of a JSON text with comments; the same layouts hold for TOML. */
function spanOf(text: string): ArraySpan {
  const node = parseTree(text, [], { allowTrailingComma: true });
  if (node?.type !== 'array') throw new Error(`no array: ${text}`);
  return {
    start: node.offset,
    end: node.offset + node.length,
    elements: (node.children ?? []).map(({ offset, length }) => ({ start: offset, end: offset + length })),
  };
}
const insert = (text: string, index: number, element: string) =>
  insertElement(text, spanOf(text), index, element, '//');
const remove = (text: string, index: number) => removeElement(text, spanOf(text), index, '//');

test.each([
  ['an empty array', '[]', 0, '["x"]'],
  ['an empty array over lines', '[\n]', 0, '[\n  "x"\n]'],
  ['the first of a line', '["b"]', 0, '["x", "b"]'],
  ['the last of a line', '["a"]', 1, '["a", "x"]'],
  ['between', '["a", "b"]', 1, '["a", "x", "b"]'],
  ['a trailing comma stays', '["a",]', 1, '["a", "x",]'],
  ['a line each: first', '[\n\t"b"\n]', 0, '[\n\t"x",\n\t"b"\n]'],
  ['a line each: below a heading', '[\n  // all\n  "b",\n]', 0, '[\n  // all\n  "x",\n  "b",\n]'],
  ['a line each: last, no trailing comma', '[\n  "a" // A\n]', 1, '[\n  "a", // A\n  "x"\n]'],
  ['a line each: last, trailing comma', '[\n  "a", // A\n  // end\n]', 1, '[\n  "a", // A\n  "x",\n  // end\n]'],
  ['CRLF stays CRLF', '[\r\n  "a",\r\n  "b"\r\n]', 1, '[\r\n  "a",\r\n  "x",\r\n  "b"\r\n]'],
  ['several per line', '[\n  "a", "b",\n  "c"\n]', 1, '[\n  "a", "x", "b",\n  "c"\n]'],
  ['the bracket on the line of the last', '[\n  "a",\n  "b"]', 2, '[\n  "a",\n  "b", "x"]'],
])('insert: %s', (_, before, index, after) => {
  expect(insert(before, index, '"x"')).toBe(after);
});

test.each([
  ['the only one', '["a"]', 0, '[]'],
  ['the first of a line', '["a", "b"]', 0, '["b"]'],
  ['the last of a line', '["a", "b"]', 1, '["a"]'],
  ['the last, trailing comma', '["a", "b",]', 1, '["a",]'],
  ['a line of its own, with its comment', '[\n  "a", // A\n  "b"\n]', 0, '[\n  "b"\n]'],
  ['the last line, no trailing comma', '[\n  "a", // A\n  "b"\n]', 1, '[\n  "a" // A\n]'],
  ['the last line, trailing comma', '[\n  "a",\n  "b",\n]', 1, '[\n  "a",\n]'],
  ['CRLF', '[\r\n  "a",\r\n  "b",\r\n]', 0, '[\r\n  "b",\r\n]'],
])('remove: %s', (_, before, index, after) => {
  expect(remove(before, index)).toBe(after);
});

test('what went in comes out again: the text is the same, whatever the layout', () => {
  const layouts = [
    '["a", "c"]',
    '["a", "c",]',
    '[\n  "a", // A\n  "c" // C\n]',
    '[\r\n\t"a",\r\n\t// c\r\n\t"c",\r\n]',
  ];
  for (const text of layouts) {
    for (const index of [0, 1, 2]) {
      const more = insert(text, index, '"b"');
      expect(spanOf(more).elements).toHaveLength(3);
      expect(remove(more, index)).toBe(text);
    }
  }
});

test('sorted stays sorted; what is not sorted gets new ones at its end', () => {
  expect([sortedIndex([], 'a'), sortedIndex(['a', 'c'], 'b'), sortedIndex(['b', 'a'], 'aa')]).toEqual([0, 1, 2]);
});
