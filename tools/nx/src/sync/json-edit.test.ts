import { setProperty } from './json-edit.ts';

test.each([
  ['a value', '{ "a": 1 } // x', ['a'], 2, '{ "a": 2 } // x'],
  ['a new one on the line', '{"a": 1}', ['b'], { c: [1, 'x'] }, '{"a": 1, "b": { "c": [1, "x"] }}'],
  ['a line of its own', '{\n  "a": [ 1,2 ] // odd\n}\n', ['b'], 2, '{\n  "a": [ 1,2 ], // odd\n  "b": 2\n}\n'],
  [
    'deep values, tabs, CRLF',
    '{\r\n\t"a": 1\r\n}',
    ['b'],
    { c: 1 },
    '{\r\n\t"a": 1,\r\n\t"b": {\r\n\t\t"c": 1\r\n\t}\r\n}',
  ],
  ['one line stays one line', '{\n  "a": { "b":1 }\n}', ['a'], { b: 2 }, '{\n  "a": { "b": 2 }\n}'],
  ['removed with its line', '{\n  "a": 1,\n  "b": 2\n}', ['b'], undefined, '{\n  "a": 1\n}'],
  ['nested', '{\n  "a": {\n    "c": 1\n  }\n}', ['a', 'd'], 2, '{\n  "a": {\n    "c": 1,\n    "d": 2\n  }\n}'],
  ['nothing to remove', '{ "a": 1 }', ['b'], undefined, '{ "a": 1 }'],
])('%s', (_, before, path, value, after) => {
  expect(setProperty(before, path, value)).toBe(after);
});

test('the place of a new property is the caller’s choice', () => {
  expect(setProperty('{ "a": 1, "c": 1 }', ['b'], 1, () => 1)).toBe('{ "a": 1, "b": 1, "c": 1 }');
});
