import { type Place, refuse } from '@krepis/plugin';
import { ts } from 'ts-morph';
import { errors } from './errors.ts';

/** A file as it stands in a draft, parsed. */
export interface Source {
  /** Relative to the workspace root. */
  readonly path: string;
  /** A BOM included; every offset counts in this text. */
  readonly text: string;
  readonly file: ts.SourceFile;
}

/** Parses without judging; a BOM is white space to the parser. */
export function parse(path: string, text: string): Source {
  const kind = path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  return { path, text, file: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind) };
}

/** What the parser found wrong, in order. */
export function syntaxErrors({ file }: Source): readonly ts.DiagnosticWithLocation[] {
  // Not in the public types; the alternative is a whole Program.
  return (file as unknown as { parseDiagnostics: readonly ts.DiagnosticWithLocation[] }).parseDiagnostics;
}

/** @throws Refusal KRP6103 with the place of the first syntax error */
export function requireSyntax(source: Source, hint?: string): Source {
  const [first] = syntaxErrors(source);
  if (first === undefined) return source;
  return refuse(errors.SYNTAX_ERROR, {
    values: { path: source.path },
    at: placeAt(source, first.start),
    reason: ts.flattenDiagnosticMessageText(first.messageText, ' '),
    hint,
  });
}

/** The place of an offset. */
export function placeAt({ path, file }: Source, offset: number): Place {
  const { line, character } = file.getLineAndCharacterOfPosition(offset);
  return { path, line: line + 1, column: character + 1 };
}

/** The place where a node's code begins. */
export function placeOf(source: Source, node: ts.Node): Place {
  return placeAt(source, node.getStart(source.file));
}

/** `src/a.ts:3`. */
export function showPlace(place: Place): string {
  return place.line === undefined ? place.path : `${place.path}:${place.line}`;
}

/** The offset at which an offset's line begins. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** The white space with which an offset's line begins. */
export function indentAt(text: string, offset: number): string {
  const start = lineStart(text, offset);
  const bom = text.charCodeAt(start) === 0xfeff ? 1 : 0;
  return /^[ \t]*/.exec(text.slice(start + bom, offset))?.[0] ?? '';
}

/** Whether only white space stands before an offset on its line. */
export function isFirstOnLine(text: string, offset: number): boolean {
  return /^\uFEFF?[ \t]*$/.test(text.slice(lineStart(text, offset), offset));
}

/** Whether two offsets lie on one line. */
export function onOneLine(text: string, from: number, to: number): boolean {
  return !text.slice(from, to).includes('\n');
}

/** A comment. */
export interface Comment {
  readonly start: number;
  /** Without the line break that ends a `//` comment. */
  readonly end: number;
  readonly isLine: boolean;
}

/** The comments in a stretch of trivia: text that holds nothing but white space and comments. */
export function commentsIn(text: string, start: number, end: number): Comment[] {
  const pattern = /\/\/[^\r\n]*|\/\*[\s\S]*?\*\//g;
  return [...text.slice(start, end).matchAll(pattern)].map((match) => ({
    start: start + match.index,
    end: start + match.index + match[0].length,
    isLine: match[0].startsWith('//'),
  }));
}

/** Where what stands on the line after an offset ends: comments belong to what they follow. `limit`: the next token. */
export function endWithTrailingComments(text: string, offset: number, limit: number): number {
  let end = offset;
  for (const comment of commentsIn(text, offset, limit)) {
    if (!onOneLine(text, end, comment.start)) break;
    end = comment.end;
  }
  return end;
}

/** The first node, in source order, for which `visit` gives a value. */
export function findFirst<T>(node: ts.Node, visit: (node: ts.Node) => T | undefined): T | undefined {
  return visit(node) ?? ts.forEachChild(node, (child) => findFirst(child, visit));
}

/** Calls `visit` for a node and everything below it, in source order. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** An expression without parentheses, `as`, `satisfies`, `!` and `<T>` around it. */
export function unwrap(expression: ts.Expression): ts.Expression {
  if (
    ts.isParenthesizedExpression(expression) ||
    ts.isAsExpression(expression) ||
    ts.isSatisfiesExpression(expression) ||
    ts.isNonNullExpression(expression) ||
    ts.isTypeAssertionExpression(expression)
  ) {
    return unwrap(expression.expression);
  }
  return expression;
}

/** Whether a statement is a directive such as `'use strict'`. */
export function isDirective(statement: ts.Statement): boolean {
  return ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression);
}
