import { parse } from 'jsonc-parser';
import { readJsonText, removeJson, setJson } from './json.ts';

describe('setJson', () => {
  test('puts a property behind the last one; its neighbours, their comments and their form stay', () => {
    expect(setJson('{\n    "a": [1, 2] // two\n}\n', ['b', 'c'], ['x'])).toBe(`{
    "a": [1, 2], // two
    "b": {
        "c": [
            "x"
        ]
    }
}
`);
  });

  test('a table on one line stays on one line', () => {
    expect(setJson('{ "a": { "b": 1 } }', ['a', 'c'], { d: [true] })).toBe('{ "a": { "b": 1, "c": { "d": [true] } } }');
  });

  test('a new name goes where it sorts', () => {
    const text = '{\n\t"dependencies": {\n\t\t"a": "1",\n\t\t"c": "3"\n\t}\n}\n';
    expect(setJson(text, ['dependencies', 'b'], '2', true)).toBe(
      '{\n\t"dependencies": {\n\t\t"a": "1",\n\t\t"b": "2",\n\t\t"c": "3"\n\t}\n}\n',
    );
    expect(setJson(text, ['dependencies', 'd'], '4', true)).toContain('"c": "3",\n\t\t"d": "4"\n');
  });

  test('an item goes in at its index, behind the last by any larger one', () => {
    expect(setJson('{ "a": [1, 3] }', ['a', 1], 2)).toBe('{ "a": [1, 2, 3] }');
    expect(setJson('{ "a": [1, 3] }', ['a', 9], 4)).toBe('{ "a": [1, 3, 4] }');
    expect(setJson('{ "a": [] }', ['a', 0], 1)).toBe('{ "a": [\n  1\n] }');
  });

  test('a value that is there is replaced; CRLF and trailing commas stay', () => {
    expect(setJson('{\r\n  "a": 1, // x\r\n  "b": 2,\r\n}\r\n', ['a'], { c: 1 })).toBe(
      '{\r\n  "a": {\r\n    "c": 1\r\n  }, // x\r\n  "b": 2,\r\n}\r\n',
    );
    expect(setJson('{\r\n  "b": 2, // x\r\n}\r\n', ['c'], 3)).toBe('{\r\n  "b": 2, // x\r\n  "c": 3,\r\n}\r\n');
  });
});

describe('removeJson', () => {
  const TEXT = `{
  // about a
  "a": 1,
  "b": { "c": 1, "d": [1, 2] }, // b
  "e": 3
}
`;
  test('takes the line with it; the last one takes the comma of the one before', () => {
    expect(removeJson(TEXT, ['a'])).toBe(TEXT.replace('  "a": 1,\n', ''));
    expect(removeJson(TEXT, ['b'])).toBe(TEXT.replace(/ {2}"b".*\n/, ''));
    expect(removeJson(TEXT, ['e'])).toBe(TEXT.replace('  "e": 3\n', '').replace('}, // b', '} // b'));
  });

  test('on one line, too', () => {
    expect(removeJson(TEXT, ['b', 'c'])).toContain('{ "d": [1, 2] }');
    expect(removeJson(TEXT, ['b', 'd'])).toContain('{ "c": 1 }');
    expect(removeJson(TEXT, ['b', 'd', 0])).toContain('[2]');
    expect(removeJson(TEXT, ['b', 'd', 1])).toContain('[1]');
    expect(removeJson('{ "a": 1 }', ['a'])).toBe('{  }');
  });

  test('a text with a trailing comma keeps one', () => {
    expect(removeJson('[\n  1,\n  2,\n]', [1])).toBe('[\n  1,\n]');
    expect(removeJson('[1, 2,]', [1])).toBe('[1,]');
  });

  test('what is not there: nothing changes', () => {
    expect(removeJson(TEXT, ['x', 'y'])).toBe(TEXT);
  });
});

/** The table or list at a key. */
function at(value: unknown, key: readonly (string | number)[]): Record<string, unknown> | unknown[] {
  return key.reduce<unknown>((inner, name) => (inner as Record<string | number, unknown>)[name], value) as unknown[];
}

test('every removal and every insertion gives the value it should', () => {
  const value = { a: [1, [2, 3], {}], b: { c: null, d: { e: 'x' } }, f: '' };
  const texts = [
    JSON.stringify(value),
    JSON.stringify(value, null, 2),
    JSON.stringify(value, null, '\t').replaceAll('\n', '\r\n'),
  ];
  const keys = [
    ['a'],
    ['a', 0],
    ['a', 1],
    ['a', 1, 0],
    ['a', 2],
    ['b'],
    ['b', 'c'],
    ['b', 'd'],
    ['b', 'd', 'e'],
    ['f'],
  ];
  for (const text of texts) {
    for (const key of keys) {
      const last = String(key.at(-1));
      const expected = structuredClone(value);
      const from = at(expected, key.slice(0, -1));
      if (Array.isArray(from)) from.splice(Number(last), 1);
      else delete from[last];
      expect(parse(removeJson(text, key))).toEqual(expected);
      const inserted = structuredClone(value);
      const into = at(inserted, key.slice(0, -1));
      if (Array.isArray(into)) into.splice(Number(last), 0, { new: [1] });
      else into[last] = { new: [1] };
      expect(parse(setJson(text, key, { new: [1] }))).toEqual(inserted);
    }
  }
});

test('what cannot be read is named with its place', () => {
  expect(() => readJsonText('nx.json', '{\n  "a": ,\n}')).toThrow(/KRP7051[\s\S]*at: nx\.json:2:8/);
  expect(() => readJsonText('nx.json', '[]')).toThrow(/KRP7051[\s\S]*not an object/);
  expect(readJsonText('nx.json', '{ "a": 1, } // fine')).toEqual({ a: 1 });
});
