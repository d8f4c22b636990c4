import type { TextEdit } from '@krepis/plugin';
import type { ts } from 'ts-morph';
import {
  commentsIn,
  endWithTrailingComments,
  indentAt,
  isFirstOnLine,
  lineStart,
  onOneLine,
  type Source,
} from '../source.ts';
import type { Style } from './style.ts';

/** A comma-separated list between two brackets. */
export interface List {
  readonly elements: ts.NodeArray<ts.Node>;
  /** Offset after the opening bracket. */
  readonly open: number;
  /** Offset of the closing bracket. */
  readonly close: number;
  /** Whether an inline element stands off the brackets: `{ a }`, `[a]`. */
  readonly padded: boolean;
  /** Whether a list that is laid out anew ends with a comma. */
  readonly trailingComma: boolean;
}

/**
 * Adds an element at the end of a list (or before element `index`) by insertion only, in the layout the list has: on one
 * line, one element a line, with or without a trailing comma. Comments stay with the element they follow. A list on one line
 * that would grow too wide is opened to lines if it begins its line and holds no comments.
 */
export function insertIntoList(source: Source, list: List, element: string, style: Style, index?: number): TextEdit[] {
  const { text } = source;
  const last = list.elements.at(-1);
  if (last === undefined) return insertIntoEmpty(source, list, element, style);
  if (index !== undefined && index < list.elements.length) return insertBefore(source, list, element, style, index);
  const comma = list.elements.hasTrailingComma ? commaAfter(text, last.end, list.close) : undefined;
  const behind = comma === undefined ? last.end : comma + 1;
  const end = endWithTrailingComments(text, behind, list.close);
  if (text.slice(end, list.close).includes('\n')) {
    const indent = elementIndent(source, list, style);
    if (comma !== undefined) return [insertion(end, `${style.eol}${indent}${element},`)];
    return [insertion(last.end, ','), insertion(end, `${style.eol}${indent}${element}`)];
  }
  if (grows(source, list, element, style)) return openToLines(source, list, element, style);
  if (comma !== undefined) return [insertion(end, ` ${element},`)];
  const comments = commentsIn(text, last.end, list.close);
  return [insertion(comments.at(-1)?.end ?? last.end, `, ${element}`)];
}

function insertIntoEmpty(source: Source, list: List, element: string, style: Style): TextEdit[] {
  const { text } = source;
  const inside = text.slice(list.open, list.close);
  const last = commentsIn(text, list.open, list.close).at(-1);
  const indent = elementIndent(source, list, style);
  const comma = list.trailingComma ? ',' : '';
  if (last !== undefined) {
    if (text.slice(last.end, list.close).includes('\n')) {
      return [insertion(last.end, `${style.eol}${ownLineIndent(text, last.start) ?? indent}${element}${comma}`)];
    }
    return [insertion(last.end, ` ${element}`)];
  }
  if (inside.includes('\n')) return [insertion(list.open, `${style.eol}${indent}${element}${comma}`)];
  if (grows(source, list, element, style) && !element.includes('\n')) {
    const outer = indentAt(text, list.open);
    return [{ start: list.open, end: list.close, text: `${style.eol}${indent}${element}${comma}${style.eol}${outer}` }];
  }
  const pad = list.padded && style.braceSpacing;
  if (inside === '') return [insertion(list.open, pad ? ` ${element} ` : element)];
  // White space inside an empty pair: `{ }` becomes `{ a }`.
  return [insertion(list.open, `${pad ? ' ' : ''}${element}`)];
}

function insertBefore(source: Source, list: List, element: string, style: Style, index: number): TextEdit[] {
  const { text } = source;
  const next = list.elements[index] as ts.Node;
  const start = next.getStart(source.file);
  if (!isFirstOnLine(text, start)) return [insertion(start, `${element}, `)];
  return [insertion(lineStart(text, start), `${indentAt(text, start)}${element},${style.eol}`)];
}

/** One element a line; white space is the only thing that changes between what is there. */
function openToLines({ text, file }: Source, list: List, element: string, style: Style): TextEdit[] {
  const outer = indentAt(text, list.open);
  const separator = `${style.eol}${outer}${style.indent}`;
  const edits: TextEdit[] = [];
  let at = list.open;
  for (const node of list.elements) {
    const start = node.getStart(file);
    edits.push(respace(text, at, start, separator));
    const comma = commaAfter(text, node.end, list.close);
    at = comma === undefined ? node.end : comma + 1;
  }
  const separated = list.elements.hasTrailingComma ? '' : ',';
  const end = list.trailingComma ? ',' : '';
  edits.push(insertion(at, `${separated}${separator}${element}${end}`));
  edits.push(respace(text, at, list.close, `${style.eol}${outer}`));
  return edits;
}

/** Makes a stretch of white space into another one, by insertion where that is possible. */
function respace(text: string, start: number, end: number, wanted: string): TextEdit {
  const found = text.slice(start, end);
  if (wanted.endsWith(found)) return insertion(start, wanted.slice(0, wanted.length - found.length));
  return { start, end, text: wanted };
}

function grows({ text }: Source, list: List, element: string, style: Style): boolean {
  const start = lineStart(text, list.open);
  // The list's owner begins the line: nothing else on it would have to be broken first.
  if (/[([{]/.test(text.slice(start, list.open - 1))) return false;
  if (!onOneLine(text, list.open, list.close) || commentsIn(text, list.open, list.close).length > 0) return false;
  const rest = text.slice(start).search(/\r?\n|$/);
  const width = text.slice(start, start + rest).replace(/\t/g, '  ').length;
  return width + element.length + (list.elements.length > 0 ? 2 : 0) > style.width;
}

function elementIndent({ text, file }: Source, list: List, style: Style): string {
  for (const node of [...list.elements].reverse()) {
    const own = ownLineIndent(text, node.getStart(file));
    if (own !== undefined) return own;
  }
  return `${indentAt(text, list.open)}${style.indent}`;
}

function ownLineIndent(text: string, offset: number): string | undefined {
  return isFirstOnLine(text, offset) ? indentAt(text, offset) : undefined;
}

/** The comma behind an element, past comments. */
function commaAfter(text: string, offset: number, limit: number): number | undefined {
  const comments = commentsIn(text, offset, limit);
  for (let at = offset; at < limit; at += 1) {
    const comment = comments.find(({ start, end }) => start <= at && at < end);
    if (comment !== undefined) at = comment.end - 1;
    else if (text[at] === ',') return at;
  }
  return undefined;
}

function insertion(at: number, text: string): TextEdit {
  return { start: at, end: at, text };
}
