import { digest } from '../index.ts';
import { applyChangeSet, memoryView } from './index.ts';

describe('memoryView', () => {
  test('a class is found where it is declared, not where it is mentioned', async () => {
    const view = memoryView({
      'a.ts': [
        '// class A',
        "const a = 'class A {}';",
        'const b = `class A $' + '{"}"} class A`;',
        'const c = /class A\\//;',
        '',
        '@Deco({ a: 1 })',
        'export abstract class A<T> {}',
      ].join('\n'),
      'b.ts': 'class A$ {}\nclass B { A = 1 }\n',
      'c.ts': 'class A {}\nexport { A };\n',
      'a.md': 'class A {}\n',
    });
    expect(await view.findClasses('A')).toEqual([
      { path: 'a.ts', line: 7, name: 'A', exported: true },
      { path: 'c.ts', line: 1, name: 'A', exported: true },
    ]);
    expect(await view.findClasses('B')).toEqual([{ path: 'b.ts', line: 2, name: 'B', exported: false }]);
  });

  test('folders follow from the paths and are listed by name', () => {
    const view = memoryView({ 'src/b.ts': '', 'src/a/x.ts': '', 'package.json': '{}' });
    expect(view.list('src')).toEqual([
      { name: 'a', kind: 'directory' },
      { name: 'b.ts', kind: 'file' },
    ]);
    expect(view.list('')).toHaveLength(2);
    expect(view.list('nope')).toEqual([]);
    expect([view.exists('src'), view.exists('src/a/x.ts'), view.exists('sr')]).toEqual([true, true, false]);
  });

  test('what was read is recorded once, absent files too', () => {
    const view = memoryView({ 'a.ts': 'a' });
    view.read('a.ts');
    view.readBytes('a.ts');
    view.read('b.ts');
    expect(view.reads()).toEqual([
      { path: 'a.ts', digest: digest('a') },
      { path: 'b.ts', digest: '' },
    ]);
  });

  test('the configuration is that of krepis.json unless one is given', () => {
    expect(memoryView({ 'krepis.json': '{"root":"lib"}' }).config).toEqual({ root: 'lib' });
    expect(memoryView({}, { root: 'src' }).config).toEqual({ root: 'src' });
    expect(memoryView({}).config).toBeUndefined();
  });
});

describe('applyChangeSet', () => {
  const files = { 'a.ts': 'one two one' };
  const before = digest(files['a.ts']);

  test('spans and find/replace', () => {
    const edits = [
      { find: 'two', replace: 'zwei' },
      { start: 0, end: 3, text: 'eins' },
    ];
    const set = { title: '', files: [{ path: 'a.ts', before, edits }] };
    expect(applyChangeSet(files, set)).toEqual({ 'a.ts': 'eins zwei one' });
  });

  test.each([
    ['a stale digest', { path: 'a.ts', before: digest('other'), text: '' }],
    ['an existing path without before', { path: 'a.ts', text: '' }],
    ['a missing file', { path: 'b.ts', before, text: '' }],
    ['a find with two matches', { path: 'a.ts', edits: [{ find: 'one', replace: '' }] }],
    ['a span outside', { path: 'a.ts', before, edits: [{ start: 0, end: 99, text: '' }] }],
  ])('%s is an error', (_, file) => {
    expect(() => applyChangeSet(files, { title: '', files: [file] })).toThrow(file.path);
  });

  test('a stale read is an error', () => {
    const set = { title: '', files: [], reads: [{ path: 'a.ts', digest: '' }] };
    expect(() => applyChangeSet(files, set)).toThrow('a.ts');
  });
});
