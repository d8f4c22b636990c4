/** TOML and JSON files whose strings can be replaced where they stand. */
import { type Node as JsonNode, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { type AST, parseTOML } from 'toml-eslint-parser';
import { errors, KrepisError } from '../errors.ts';
import { parseToml, type Table } from '../manifests.ts';
import { type Edit, lineAt, withoutMark } from './text.ts';

/** A parsed file that knows where its strings stand. */
export interface Document {
  readonly path: string;
  readonly text: string;
  readonly value: Table;
  /** Offset of the string at a path of keys, without its quotes; undefined if there is no string. */
  range(keys: readonly string[]): { readonly start: number; readonly end: number } | undefined;
}

/**
 * The edit that puts `text` in place of the string at `keys`; none if it says that already.
 *
 * @throws Error if there is no string at `keys`
 */
export function replaceString(document: Document, keys: readonly string[], text: string): Edit[] {
  const range = document.range(keys);
  if (!range) throw new Error(`${document.path} has no string at ${keys.join('.')}`);
  return document.text.slice(range.start, range.end) === text ? [] : [{ ...range, text }];
}

/** Line of the string at `keys`, counted from 1. */
export function lineOf(document: Document, keys: readonly string[]): number | undefined {
  const range = document.range(keys);
  return range && lineAt(document.text, range.start);
}

/**
 * Reads a TOML file.
 *
 * @throws KrepisError KRP7010 with file, line and column if it does not parse
 */
export function tomlDocument(path: string, text: string): Document {
  const source = withoutMark(text);
  const value = parseToml(path, source);
  let ranges: Map<string, { start: number; end: number }> | undefined;
  return {
    path,
    text,
    value,
    range: (keys) => {
      ranges ??= tomlRanges(source);
      return ranges.get(JSON.stringify(keys));
    },
  };
}

function tomlRanges(source: string): Map<string, { start: number; end: number }> {
  const ranges = new Map<string, { start: number; end: number }>();
  const visit = (keys: readonly (string | number)[], node: AST.TOMLContentNode): void => {
    if (node.type === 'TOMLInlineTable') {
      for (const entry of node.body) visit([...keys, ...names(entry.key)], entry.value);
    } else if (node.type === 'TOMLValue' && node.kind === 'string') {
      const quotes = node.multiline ? 3 : 1;
      ranges.set(JSON.stringify(keys), { start: node.range[0] + quotes, end: node.range[1] - quotes });
    }
  };
  const names = (key: AST.TOMLKey) => key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value));
  for (const node of parseTOML(source).body[0].body) {
    if (node.type === 'TOMLKeyValue') visit(names(node.key), node.value);
    else for (const entry of node.body) visit([...node.resolvedKey, ...names(entry.key)], entry.value);
  }
  return ranges;
}

/**
 * Reads a JSON file, with comments and trailing commas if it has them.
 *
 * Of two equal keys the last counts, as in `JSON.parse`.
 *
 * @throws KrepisError KRP7012 with file, line and column if it does not parse or holds no object
 */
export function jsonDocument(path: string, text: string): Document {
  const problems: ParseError[] = [];
  const tree = parseTree(withoutMark(text), problems, { allowTrailingComma: true });
  const problem = problems[0];
  if (problem || tree?.type !== 'object') {
    const offset = problem?.offset ?? 0;
    throw new KrepisError({
      ...errors.BROKEN_MANIFEST,
      at: { path, line: lineAt(text, offset), column: offset - text.lastIndexOf('\n', offset - 1) },
      reason: problem ? printParseErrorCode(problem.error) : 'not an object',
    });
  }
  return {
    path,
    text,
    value: jsonValue(tree) as Table,
    range: (keys) => {
      let node: JsonNode | undefined = tree;
      for (const key of keys) node = node && property(node, key);
      return node?.type === 'string' ? { start: node.offset + 1, end: node.offset + node.length - 1 } : undefined;
    },
  };
}

function property(node: JsonNode, key: string): JsonNode | undefined {
  if (node.type !== 'object') return undefined;
  return node.children?.findLast(({ children }) => children?.[0]?.value === key)?.children?.[1];
}

function jsonValue(node: JsonNode): unknown {
  if (node.type === 'array') return (node.children ?? []).map(jsonValue);
  if (node.type !== 'object') return node.value;
  return Object.fromEntries(
    (node.children ?? []).flatMap(({ children }) => {
      const [key, value] = children ?? [];
      return key && value ? [[key.value, jsonValue(value)]] : [];
    }),
  );
}
