import {
  createScanner,
  findNodeAtLocation,
  type JSONPath,
  type Node,
  type ParseError,
  parse,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { errors, KrepisError } from '../errors.ts';

/**
 * Reads JSON that may hold comments and trailing commas (nx.json, project.json, package.json).
 *
 * @param path for the error, relative to the Nx root
 * @throws KrepisError KRP7051 with line and column
 *
 * @example
 * readJsonText<{ plugins?: unknown[] }>('nx.json', '{ "plugins": [], } // mine');
 */
export function readJsonText<T>(path: string, text: string): T {
  const problems: ParseError[] = [];
  const value = parse(text, problems, { allowTrailingComma: true }) as unknown;
  const problem = problems[0];
  const fail = (offset: number, reason: string): never => {
    const before = text.slice(0, offset).split('\n');
    const at = { path, line: before.length, column: (before.at(-1) ?? '').length + 1 };
    throw new KrepisError({ ...errors.BROKEN_CONFIGURATION, at, reason });
  };
  if (problem) fail(problem.offset, printParseErrorCode(problem.error));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(0, 'it is not an object');
  return value as T;
}

/**
 * Sets one value of a JSON text. Every other byte, comments included, stays; what goes in follows the text's indentation.
 *
 * `modify` of jsonc-parser formats the neighbours, too (a list on one line becomes several), so positions come from its
 * tree and the texts from here.
 *
 * @param key names of properties and indices of items; tables that are missing are made; an index inserts an item there
 * @param sorted puts a new property before the first name that sorts after it, as package managers do
 *
 * @example
 * setJson('{ "a": 1 } // mine', ['b'], [2]); // '{ "a": 1, "b": [2] } // mine'
 */
export function setJson(text: string, key: JSONPath, value: unknown, sorted = false): string {
  const root = tree(text);
  const last = key.at(-1);
  const there = typeof last === 'number' ? undefined : findNodeAtLocation(root, [...key]);
  if (there) return splice(text, there.offset, there.length, print(text, value, indentAt(text, there.offset)));
  const parentKey = key.slice(0, -1);
  const parent = findNodeAtLocation(root, parentKey);
  if (parent === undefined || (parent.type !== 'object' && parent.type !== 'array')) {
    return setJson(text, parentKey, typeof last === 'number' ? [value] : { [String(last)]: value }, sorted);
  }
  const children = parent.children ?? [];
  if (typeof last === 'number') return insert(text, parent, children, Math.min(last, children.length), '', value);
  const after = sorted ? children.findIndex((child) => child.children?.[0]?.value > String(last)) : -1;
  const index = after < 0 ? children.length : after;
  return insert(text, parent, children, index, `${JSON.stringify(last)}: `, value);
}

/**
 * Takes one property or item out, with its comma, its line and a comment behind it on that line; nothing if it is not there.
 *
 * @example
 * removeJson('{ "a": 1, "b": 2 }', ['a']); // '{ "b": 2 }'
 */
export function removeJson(text: string, key: JSONPath): string {
  const value = findNodeAtLocation(tree(text), [...key]);
  if (!value) return text;
  const node = value.parent?.type === 'property' ? value.parent : value;
  const siblings = node.parent?.children ?? [];
  const index = siblings.indexOf(node);
  const [previous, next] = [siblings[index - 1], siblings[index + 1]];
  let start = node.offset;
  let end = node.offset + node.length;
  const comma = commaAfter(text, end);
  if (comma !== undefined) end = comma + 1;
  const line = restOfLine(text, end);
  const wholeLines = line !== undefined && blankBefore(text, start);
  if (wholeLines) {
    start = text.lastIndexOf('\n', start - 1) + 1;
    end = line;
  } else if (next) {
    end = next.offset;
  } else if (previous) {
    start = previous.offset + previous.length;
    end = node.offset + node.length;
  }
  const cut = splice(text, start, end - start, '');
  if (!wholeLines || next || !previous || comma !== undefined) return cut;
  // It was the last one and had no comma: the one before, now the last, loses its own.
  const orphan = commaAfter(cut, previous.offset + previous.length);
  return orphan === undefined ? cut : splice(cut, orphan, 1, '');
}

function insert(
  text: string,
  parent: Node,
  children: readonly Node[],
  index: number,
  prefix: string,
  value: unknown,
): string {
  const eol = lineEnd(text);
  const [first] = children;
  if (!first) {
    const outer = indentAt(text, parent.offset);
    const inner = outer + unit(text);
    const [open, close] = parent.type === 'object' ? ['{', '}'] : ['[', ']'];
    const body = `${open}${eol}${inner}${prefix}${print(text, value, inner)}${eol}${outer}${close}`;
    return splice(text, parent.offset, parent.length, body);
  }
  const several = text.slice(parent.offset, first.offset).includes('\n');
  const indent = several ? indentAt(text, first.offset) : indentAt(text, parent.offset);
  const item = `${prefix}${several ? print(text, value, indent) : inline(value)}`;
  const next = children[index];
  if (next) return splice(text, next.offset, 0, several ? `${item},${eol}${indent}` : `${item}, `);
  const previous = children[children.length - 1] as Node;
  const end = previous.offset + previous.length;
  const comma = commaAfter(text, end);
  if (!several) return splice(text, end, comma === undefined ? 0 : comma + 1 - end, `, ${item}`);
  // A comment behind the last item stays behind it.
  const place = lineEndAfter(text, comma === undefined ? end : comma + 1);
  const added = splice(text, place, 0, `${eol}${indent}${item}${comma === undefined ? '' : ','}`);
  return comma === undefined ? splice(added, end, 0, ',') : added;
}

function tree(text: string): Node {
  const root = parseTree(text, [], { allowTrailingComma: true });
  if (!root) throw new Error('an empty text has no place for a value');
  return root;
}

function splice(text: string, offset: number, length: number, replacement: string): string {
  return text.slice(0, offset) + replacement + text.slice(offset + length);
}

/** Several lines, as Nx and package managers write them. */
function print(text: string, value: unknown, indent: string): string {
  return JSON.stringify(value, null, unit(text)).replaceAll('\n', lineEnd(text) + indent);
}

/** One line, with the spaces people put there. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const properties = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}: ${inline(inner)}`);
  return properties.length === 0 ? '{}' : `{ ${properties.join(', ')} }`;
}

const unit = (text: string) => /^([ \t]+)["[{]/m.exec(text)?.[1] ?? '  ';
const lineEnd = (text: string) => (text.includes('\r\n') ? '\r\n' : '\n');
const indentAt = (text: string, offset: number) =>
  /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))?.[0] ?? '';
const blankBefore = (text: string, offset: number) =>
  text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset).trim() === '' && text.lastIndexOf('\n', offset - 1) >= 0;

/** `SyntaxKind.CommaToken`; a const enum, which stripping types cannot read. */
const COMMA = 5;

/** Where the comma behind a value is, spaces and comments between; undefined if something else comes first. */
function commaAfter(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  return scanner.scan() === COMMA ? scanner.getTokenOffset() : undefined;
}

/** The offset behind the line's end if only spaces and a comment come before it. */
function restOfLine(text: string, offset: number): number | undefined {
  const end = text.indexOf('\n', offset);
  if (end < 0) return undefined;
  return /^[ \t]*(?:\/\/.*|\/\*.*\*\/[ \t]*)?\r?$/.test(text.slice(offset, end)) ? end + 1 : undefined;
}

/** The end of the line (before its line break) if only spaces and a comment follow, else the offset itself. */
function lineEndAfter(text: string, offset: number): number {
  const behind = restOfLine(text, offset);
  if (behind === undefined) return offset;
  return text.slice(behind - 2, behind) === '\r\n' ? behind - 2 : behind - 1;
}
