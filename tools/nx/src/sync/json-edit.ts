import { findNodeAtLocation, type Node, parseTree } from 'jsonc-parser';
import { type ArraySpan, indentUnit, insertElement, removeElement } from '../edit/array.ts';

/**
 * Sets or removes one property of a JSON text; comments, layout and every other byte stay.
 *
 * jsonc-parser's own `modify` formats the lines beside an insertion, too.
 *
 * @param path the objects down to the property; they have to be there
 * @param value undefined removes the property
 * @param indexOf where a new property goes, given the names there are; default: last
 * @example setProperty('{ "a": 1 }', ['b'], 2) // '{ "a": 1, "b": 2 }'
 */
export function setProperty(
  text: string,
  path: readonly string[],
  value: unknown,
  indexOf: (names: readonly string[]) => number = (names) => names.length,
): string {
  const name = path.at(-1);
  const root = parseTree(text, [], { allowTrailingComma: true });
  const object = root && findNodeAtLocation(root, [...path.slice(0, -1)]);
  if (name === undefined || object?.type !== 'object') return text;
  const properties = object.children ?? [];
  const names = properties.map(({ children }) => String(children?.[0]?.value));
  const at = names.indexOf(name);
  const there = properties[at]?.children?.[1];
  if (there) {
    if (value === undefined) return removeElement(text, spanOf(object), at, '//');
    const before = text.slice(there.offset, there.offset + there.length);
    const after = before.includes('\n') ? lines(text, there.offset, value) : oneLine(value);
    return text.slice(0, there.offset) + after + text.slice(there.offset + there.length);
  }
  if (value === undefined) return text;
  const inner = properties[0]?.offset ?? object.offset + 1;
  const multiline = text.slice(object.offset, inner).includes('\n');
  const written = multiline ? lines(text, inner, value) : oneLine(value);
  return insertElement(text, spanOf(object), indexOf(names), `${JSON.stringify(name)}: ${written}`, '//');
}

/** An object or array of a parsed JSON text, as `insertElement` and `removeElement` take it. */
export function spanOf(node: Node): ArraySpan {
  return {
    start: node.offset,
    end: node.offset + node.length,
    elements: (node.children ?? []).map(({ offset, length }) => ({ start: offset, end: offset + length })),
  };
}

/** The value over several lines, indented as deep as the line that holds the offset. */
function lines(text: string, offset: number, value: unknown): string {
  const indent = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))?.[0] ?? '';
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  return JSON.stringify(value, null, indentUnit(text)).replaceAll('\n', `${newline}${indent}`);
}

/** The value on one line, with the spaces people write. */
function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}
