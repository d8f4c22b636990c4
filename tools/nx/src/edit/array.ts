/**
 * Edits of an array inside a text that people write: one element goes in or out, every other byte stays.
 *
 * One algorithm for TOML and for JSON with comments; the parser that found the array says where its elements are.
 */

/** Where an array lies in its text. Offsets are UTF-16 code units, as in JavaScript strings; `end` is exclusive. */
export interface ArraySpan {
  /** Offset of `[`. */
  readonly start: number;
  /** Offset after `]`. */
  readonly end: number;
  readonly elements: readonly { readonly start: number; readonly end: number }[];
}

/** `#` for TOML, `//` (and with it block comments) for JSON. */
export type CommentMark = '#' | '//';

/**
 * Puts an element at an index, in the layout its neighbours have: on a line of its own where they have one each, else
 * behind the one before. A trailing comma is kept where there was one, and not made where there was none.
 *
 * @param element the element's text
 * @example insertElement('["a", "c"]', span, 1, '"b"', '#') // '["a", "b", "c"]'
 */
export function insertElement(text: string, span: ArraySpan, index: number, element: string, mark: CommentMark) {
  const { elements } = span;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const previous = elements[index - 1];
  const next = elements[index];
  if (previous) {
    const comma = commaAfter(text, previous.end, mark);
    const end = restOfLine(text, comma === undefined ? previous.end : comma + 1, mark);
    if (end === undefined || end >= span.end) return splice(text, previous.end, previous.end, `, ${element}`);
    const indent = indentOf(text, previous.start);
    const line = `${newline}${indent}${element}${next === undefined && comma === undefined ? '' : ','}`;
    const inserted = splice(text, end, end, line);
    return comma === undefined ? splice(inserted, previous.end, previous.end, ',') : inserted;
  }
  if (next) {
    const start = lineStart(text, next.start);
    if (start <= span.start || text.slice(start, next.start).trim() !== '') {
      return splice(text, next.start, next.start, `${element}, `);
    }
    return splice(text, start, start, `${text.slice(start, next.start)}${element},${newline}`);
  }
  const inner = text.slice(span.start + 1, span.end - 1);
  if (!inner.includes('\n')) return splice(text, span.start + 1, span.end - 1, `${inner.trimEnd()}${element}`);
  const closing = lineStart(text, span.end - 1);
  const indent = `${indentOf(text, span.start)}${indentUnit(text)}`;
  return splice(text, closing, closing, `${indent}${element}${mark === '#' ? ',' : ''}${newline}`);
}

/**
 * Takes an element out, with its comma, and with its line where it has one of its own.
 *
 * @example removeElement('["a", "b"]', span, 0, '#') // '["b"]'
 */
export function removeElement(text: string, span: ArraySpan, index: number, mark: CommentMark): string {
  const element = span.elements[index];
  if (!element) return text;
  const [previous, next] = [span.elements[index - 1], span.elements[index + 1]];
  const comma = commaAfter(text, element.end, mark);
  const start = lineStart(text, element.start);
  const end = restOfLine(text, comma === undefined ? element.end : comma + 1, mark);
  const ownLine = text.slice(start, element.start).trim() === '' && end !== undefined && end < span.end;
  if (ownLine) {
    const removed = splice(text, start, afterNewline(text, end), '');
    if (next || comma !== undefined || !previous) return removed;
    // The one before is the last now: no comma behind it, as there was none behind this.
    const orphan = commaAfter(removed, previous.end, mark);
    return orphan === undefined ? removed : splice(removed, orphan, orphan + 1, '');
  }
  if (next) return splice(text, element.start, next.start, '');
  if (previous) return splice(text, previous.end, element.end, '');
  return splice(text, element.start, comma === undefined ? element.end : comma + 1, '');
}

/**
 * The index at which a value keeps a sorted list sorted; its end where the list is not sorted.
 *
 * @example sortedIndex(['a', 'c'], 'b') // 1
 */
export function sortedIndex(values: readonly string[], value: string): number {
  const sorted = values.every((item, index) => index === 0 || (values[index - 1] ?? '') <= item);
  if (!sorted) return values.length;
  const index = values.findIndex((item) => item > value);
  return index < 0 ? values.length : index;
}

/** The indentation this text uses for one level: its first indented line's, else two spaces. */
export function indentUnit(text: string): string {
  return /^(\t| {2,8})\S/m.exec(text)?.[1] ?? '  ';
}

function splice(text: string, start: number, end: number, replacement: string): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** The white space a line begins with, for the line that holds the offset. */
function indentOf(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset)))?.[0] ?? '';
}

/** Offset of the comma that belongs to an element, if there is one: behind white space and comments. */
function commaAfter(text: string, offset: number, mark: CommentMark): number | undefined {
  let at = offset;
  for (;;) {
    const trivia = TRIVIA[mark].exec(text.slice(at))?.[0];
    if (!trivia) break;
    at += trivia.length;
  }
  return text[at] === ',' ? at : undefined;
}

const TRIVIA = {
  '#': /^(?:\s+|#[^\n]*)/,
  '//': /^(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)/,
} as const;

/** Offset of the end of the line, if only white space and a comment follow; undefined if something else does. */
function restOfLine(text: string, offset: number, mark: CommentMark): number | undefined {
  const end = text.indexOf('\n', offset);
  if (end < 0) return undefined;
  const rest = text.slice(offset, end).replace(/\r$/, '');
  const comment = mark === '#' ? /^[ \t]*(?:#.*)?$/ : /^[ \t]*(?:\/\*(?:(?!\*\/).)*\*\/[ \t]*)*(?:\/\/.*)?$/;
  return comment.test(rest) ? offset + rest.length : undefined;
}

function afterNewline(text: string, end: number): number {
  return text.indexOf('\n', end) + 1;
}
