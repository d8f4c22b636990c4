import fc from 'fast-check';
import { ts } from 'ts-morph';
import { commentsIn, findFirst, parse, type Source, syntaxErrors } from '../source.ts';
import { insertIntoList } from './lists.ts';
import { PieceTable } from './piece-table.ts';
import { defaultStyle } from './style.ts';

const gap = fc.constantFrom(
  '',
  ' ',
  '\n    ',
  '\r\n\t',
  ' /* a, b ] */ ',
  ' // one, two ]\n    ',
  '\n    // note\n    /* more */\n    ',
);
const element = fc.constantFrom(
  'A',
  '{ provide: B, useFactory: () => [1, 2] }',
  'C.forRoot({ a: [1] })',
  '...rest',
  "'x, ]'",
  `\`\${a},\``,
);
const list = fc
  .tuple(fc.array(fc.tuple(gap, element, gap), { maxLength: 4 }), fc.boolean(), gap)
  .map(([entries, comma, last]) => {
    const body = entries.map(([before, text, after]) => before + text + after).join(',');
    return `const x = {\n  providers: [${body}${comma && entries.length > 0 ? ',' : ''}${last}],\n};\n`;
  });

function arrayIn(source: Source): ts.ArrayLiteralExpression {
  const found = findFirst(source.file, (node) => (ts.isArrayLiteralExpression(node) ? node : undefined));
  if (found === undefined) throw new Error('no array');
  return found;
}

test('an element lands at the end, whatever the layout; elements and comments stay, in order', () => {
  fc.assert(
    fc.property(list, fc.integer({ min: 20, max: 120 }), (text, width) => {
      const source = parse('list.ts', text);
      const array = arrayIn(source);
      const before = array.elements.map((node) => node.getText());
      const brackets = {
        elements: array.elements,
        open: array.getStart() + 1,
        close: array.end - 1,
        padded: false,
        trailingComma: true,
      };
      const table = new PieceTable(text);
      table.splice(insertIntoList(source, brackets, 'New', { ...defaultStyle, width }));
      const result = parse('list.ts', table.text);
      expect(syntaxErrors(result)).toEqual([]);
      expect(arrayIn(result).elements.map((node) => node.getText())).toEqual([...before, 'New']);
      const comments = (from: Source) =>
        commentsIn(from.text, 0, from.text.length).map(({ start, end }) => from.text.slice(start, end));
      expect(comments(result)).toEqual(comments(source));
      expect(table.edits().every(({ start, end }) => text.slice(start, end).trim() === '')).toBe(true);
    }),
    { numRuns: 500 },
  );
});
