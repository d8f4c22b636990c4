import type { Tree } from '@nx/devkit';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { parse as parseTomlText, TomlError } from 'smol-toml';
import { errors, KrepisError } from './errors.ts';

/** A TOML or JSON table. */
export type Table = Record<string, unknown>;

/** The value as a table; undefined for anything else. */
export function table(value: unknown): Table | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : undefined;
}

/** The strings of an array; none for anything else. */
export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** Text of a file that is there. */
export function readText(tree: Tree, path: string): string {
  return tree.read(path, 'utf-8') ?? '';
}

/**
 * A Cargo.toml.
 *
 * @throws KrepisError KRP7010 with file, line and column
 */
export function parseToml(path: string, text: string): Table {
  return inToml(path, () => parseTomlText(text) as Table);
}

/**
 * Runs what parses the text of a Cargo.toml or Cargo.lock.
 *
 * @throws KrepisError KRP7010 with file, line and column for a TomlError of smol-toml
 */
export function inToml<T>(path: string, parseIt: () => T): T {
  try {
    return parseIt();
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const at = { path, line: error.line, column: error.column };
    throw new KrepisError({ ...errors.BROKEN_CARGO_TOML, at, reason: error.message.split('\n')[0] });
  }
}

/**
 * A JSON file with comments and trailing commas.
 *
 * @throws KrepisError KRP7012 with file, line and column
 */
export function parseJsonc(path: string, text: string): Table {
  const problems: ParseError[] = [];
  const value: unknown = parse(text, problems, { allowTrailingComma: true });
  const problem = problems[0];
  if (problem) {
    const reason = printParseErrorCode(problem.error);
    throw new KrepisError({ ...errors.BROKEN_MANIFEST, at: { path, ...positionAt(text, problem.offset) }, reason });
  }
  const json = table(value);
  if (!json) throw new KrepisError({ ...errors.BROKEN_MANIFEST, at: { path, line: 1 }, reason: 'it is not an object' });
  return json;
}

/** Line and column of an offset, both from 1. */
export function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
