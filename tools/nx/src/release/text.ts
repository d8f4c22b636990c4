/** Edits of a text that leave every other byte alone. */

/** Replaces the characters from `start` up to, not including, `end`. Offsets are those of JavaScript strings. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The text with all edits made.
 *
 * The same edit given twice counts once: two projects may both lead to the one line that holds their version.
 *
 * @throws Error if two different edits overlap; that would be a fault of this package, never of the file
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  let result = '';
  let position = 0;
  let last: Edit | undefined;
  for (const edit of sorted) {
    if (last && last.start === edit.start && last.end === edit.end && last.text === edit.text) continue;
    if (edit.start < position) throw new Error(`edits overlap at ${edit.start}`);
    result += text.slice(position, edit.start) + edit.text;
    position = edit.end;
    last = edit;
  }
  return result + text.slice(position);
}

/** Line, counted from 1, of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let index = text.indexOf('\n'); index >= 0 && index < offset; index = text.indexOf('\n', index + 1)) line += 1;
  return line;
}

/**
 * The text as parsers want it: a byte order mark becomes a blank, so that every offset stays what it was.
 */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text;
}
