import type { TextEdit } from '@krepis/plugin';

/** A stretch of the original (`from`), or text that came in. */
type Piece = { readonly from: number; readonly length: number } | { readonly text: string; readonly length: number };

/**
 * A text that is edited step by step while every character keeps its origin, so that all steps come out as one list of
 * edits of the original.
 */
export class PieceTable {
  readonly original: string;
  #pieces: Piece[];

  constructor(original: string) {
    this.original = original;
    this.#pieces = original === '' ? [] : [{ from: 0, length: original.length }];
  }

  /** The text after all steps. */
  get text(): string {
    return this.#pieces.map((piece) => this.#textOf(piece)).join('');
  }

  /** One step: edits whose offsets count in the text as it is, without overlaps, in any order. */
  splice(edits: readonly TextEdit[]): void {
    // From the back, so that offsets stay true; at one offset the one listed last goes in first.
    const order = edits
      .map((edit, index) => ({ edit, index }))
      .sort((a, b) => b.edit.start - a.edit.start || b.edit.end - a.edit.end || b.index - a.index);
    for (const { edit } of order) {
      const before = this.#slice(0, edit.start);
      const after = this.#slice(edit.end, Number.POSITIVE_INFINITY);
      const inserted: Piece[] = edit.text === '' ? [] : [{ text: edit.text, length: edit.text.length }];
      this.#pieces = [...before, ...inserted, ...after];
    }
  }

  /** All steps as edits of the original, in order; neighbours joined. */
  edits(): TextEdit[] {
    const edits: TextEdit[] = [];
    let at = 0;
    let text = '';
    const flush = (to: number): void => {
      if (to > at || text !== '') edits.push({ start: at, end: to, text });
      text = '';
    };
    for (const piece of this.#pieces) {
      if ('text' in piece) {
        text += piece.text;
      } else {
        flush(piece.from);
        at = piece.from + piece.length;
      }
    }
    flush(this.original.length);
    return edits;
  }

  #textOf(piece: Piece): string {
    return 'text' in piece ? piece.text : this.original.slice(piece.from, piece.from + piece.length);
  }

  #slice(start: number, end: number): Piece[] {
    const found: Piece[] = [];
    let at = 0;
    for (const piece of this.#pieces) {
      const from = Math.max(start - at, 0);
      const to = Math.min(end - at, piece.length);
      if (from < to) {
        found.push(
          'text' in piece
            ? { text: piece.text.slice(from, to), length: to - from }
            : { from: piece.from + from, length: to - from },
        );
      }
      at += piece.length;
    }
    return found;
  }
}
