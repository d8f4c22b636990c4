import type { TextEdit } from '@krepis/plugin';
import fc from 'fast-check';
import { PieceTable } from './piece-table.ts';

/** Edits without overlaps, placed by fractions of a text that is known only when they are made. */
const step = fc.array(fc.record({ at: fc.nat(), length: fc.nat(3), text: fc.string({ maxLength: 4 }) }), {
  maxLength: 4,
});

function editsIn(text: string, wishes: readonly { at: number; length: number; text: string }[]): TextEdit[] {
  const starts = wishes.map(({ at }) => at % (text.length + 1)).sort((a, b) => a - b);
  return starts.map((start, index) => {
    const limit = starts[index + 1] ?? text.length;
    const { length, text: inserted } = wishes[index] as { length: number; text: string };
    return { start, end: Math.min(start + length, limit), text: inserted };
  });
}

/** The definition: edits sorted by place, what lies between copied. */
function spliced(text: string, edits: readonly TextEdit[]): string {
  let result = '';
  let at = 0;
  for (const edit of edits) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

test('any steps give the text that splicing gives, and one list of edits of the original that gives it too', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.array(step, { maxLength: 5 }), (original, steps) => {
      const table = new PieceTable(original);
      let text = original;
      for (const wishes of steps) {
        const edits = editsIn(text, wishes);
        table.splice(edits);
        text = spliced(text, edits);
        expect(table.text).toBe(text);
      }
      expect(spliced(original, table.edits())).toBe(text);
    }),
  );
});

test('insertions only stay insertions, whatever the number of steps', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.array(fc.tuple(fc.nat(), fc.string({ minLength: 1 })), { minLength: 1 }),
      (original, insertions) => {
        const table = new PieceTable(original);
        for (const [at, text] of insertions) {
          const start = at % (table.text.length + 1);
          table.splice([{ start, end: start, text }]);
        }
        expect(table.edits().every(({ start, end }) => start === end)).toBe(true);
      },
    ),
  );
});
