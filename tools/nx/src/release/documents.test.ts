import { jsonDocument, replaceString, tomlDocument } from './documents.ts';
import { applyEdits } from './text.ts';

test.each([
  ['a basic string', 'a = "old" # "old"\n', ['a']],
  ['a literal string', "a = 'old'\n", ['a']],
  ['multi-line strings', 'a = """old"""\n', ['a']],
  ['multi-line literal strings', "a = '''old'''\n", ['a']],
  ['tables', '[a.b]\nc = "old"\n', ['a', 'b', 'c']],
  ['dotted keys', '[a]\nb.c = "old"\n', ['a', 'b', 'c']],
  ['quoted keys', '[a."cfg(unix)".b]\n"c d" = "old"\n', ['a', 'cfg(unix)', 'b', 'c d']],
  ['inline tables', 'a = { x = 1, b = { "c" = "old" } }\n', ['a', 'b', 'c']],
  ['Windows line ends', '# a\r\n[a]\r\nb = "old"\r\n', ['a', 'b']],
  ['a byte order mark', '\uFEFFa = "old"\n', ['a']],
  ['letters outside ASCII before it', 'ä = 1\n', ['a']],
])('TOML: %s', (name, text, keys) => {
  const source = name.startsWith('letters') ? '# übergröße 🦀\nx = "🦀"\na = "old"\n' : text;
  const edited = applyEdits(source, replaceString(tomlDocument('f.toml', source), keys, 'new'));
  expect(edited).toBe(source.replace(/(["'])old\1/, '$1new$1'));
});

test('JSON: of two equal keys the last counts', () => {
  const text = '{ "a": "old", /* "a": "old" */ "a": "old", }\n';
  expect(applyEdits(text, replaceString(jsonDocument('f.json', text), ['a'], 'new'))).toBe(
    '{ "a": "old", /* "a": "old" */ "a": "new", }\n',
  );
});

test('JSON: a byte order mark, tabs and Windows line ends stay', () => {
  const text = '\uFEFF{\r\n\t"a" : { "b":"old" }\r\n}';
  expect(applyEdits(text, replaceString(jsonDocument('f.json', text), ['a', 'b'], 'new'))).toBe(
    text.replace('old', 'new'),
  );
});

test('what does not parse is named with line and column', () => {
  expect(() => tomlDocument('a/Cargo.toml', '[package]\nname = \n')).toThrow(/KRP7010[\s\S]*at: a\/Cargo.toml:2:/);
  expect(() => jsonDocument('a/package.json', '{\n  "a": ?\n}')).toThrow(/KRP7012[\s\S]*at: a\/package.json:2:8/);
  expect(() => jsonDocument('a/package.json', '[]')).toThrow(/KRP7012[\s\S]*not an object/);
});

test('edits may repeat each other but not overlap', () => {
  expect(
    applyEdits('abc', [
      { start: 1, end: 2, text: 'x' },
      { start: 1, end: 2, text: 'x' },
    ]),
  ).toBe('axc');
  expect(() =>
    applyEdits('abc', [
      { start: 0, end: 2, text: 'x' },
      { start: 1, end: 3, text: 'y' },
    ]),
  ).toThrow('overlap');
});
