import { refuse } from '@krepis/plugin';
import { ts } from 'ts-morph';
import type { Style } from '../edit/style.ts';
import { errors } from '../errors.ts';
import { findFirst, parse, syntaxErrors, walk } from '../source.ts';

/**
 * Statements as they are to stand in a class: indented, with the file's line ends; a template literal keeps every byte.
 *
 * @throws Refusal KRP6006 if they do not parse in a method of this signature
 */
export function indentBody(signature: string, name: string, body: string, indent: string, style: Style): string {
  const head = `class _ {\n${signature} {\n`;
  const trimmed = body
    .replace(/^\uFEFF/, '')
    .replace(/^(?:[ \t]*\r?\n)+/, '')
    .trimEnd();
  const source = parse('body.ts', `${head}${trimmed}\n}\n}`);
  const [statement, ...others] = source.file.statements;
  const members = statement !== undefined && ts.isClassDeclaration(statement) ? statement.members.length : 0;
  const lineOf = (offset: number): number => {
    const lines = trimmed.split('\n').length;
    return Math.min(Math.max(source.text.slice(head.length, offset).split('\n').length, 1), lines);
  };
  const bad = (offset: number, reason: string): never =>
    refuse(errors.BAD_BODY, { values: { method: name, line: lineOf(offset) }, reason });
  const [error] = syntaxErrors(source);
  if (error !== undefined) bad(error.start, ts.flattenDiagnosticMessageText(error.messageText, ' '));
  if (members !== 1 || others.length > 0) bad(head.length, 'its braces do not match');
  const awaited = outerAwait(source.file);
  if (awaited !== undefined) bad(awaited.getStart(), '`await` needs a method that begins with `async`');
  const templates = templateSpans(source.file);
  const lines = linesOf(trimmed).map(({ start, text, end }) => ({
    text,
    end,
    // A line that begins inside a template literal is part of its value.
    isFixed: templates.some((span) => span.start < start + head.length && start + head.length < span.end),
  }));
  const widths = lines
    .filter(({ text, isFixed }) => !isFixed && text.trim() !== '')
    .map(({ text }) => leading(text).length);
  const common = Math.min(...widths);
  const unit = Math.min(...widths.map((width) => width - common).filter((width) => width > 0), 8);
  return lines
    .map(({ text, end, isFixed }, index) => {
      const next = lines[index + 1];
      const ending = next === undefined ? '' : next.isFixed ? end : style.eol;
      if (isFixed) return text + ending;
      if (text.trim() === '') return ending;
      return indent + relayer(leading(text).slice(common), unit, style) + text.trimStart() + ending;
    })
    .join('');
}

/** An `await` whose function is not asynchronous: the parser lets it pass. */
function outerAwait(file: ts.SourceFile): ts.Node | undefined {
  return findFirst(file, (node) => {
    if (!ts.isAwaitExpression(node) && !(ts.isForOfStatement(node) && node.awaitModifier !== undefined))
      return undefined;
    const owner = ts.findAncestor(node, ts.isFunctionLike);
    const modifiers = owner !== undefined && ts.canHaveModifiers(owner) ? (ts.getModifiers(owner) ?? []) : [];
    return modifiers.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ? undefined : node;
  });
}

interface Line {
  readonly start: number;
  readonly text: string;
  /** The line break behind it. */
  readonly end: string;
}

function linesOf(text: string): Line[] {
  return [...text.matchAll(/([^\r\n]*)(\r\n|\n|$)/g)]
    .filter((match, index, all) => index < all.length - 1 || match[0] !== '')
    .map((match) => ({ start: match.index, text: match[1] ?? '', end: match[2] ?? '' }));
}

/** Levels of indentation below the first one, in the file's unit. */
function relayer(space: string, unit: number, style: Style): string {
  if (space === '') return '';
  if (/^\t+$/.test(space)) return style.indent.repeat(space.length);
  if (!/^ +$/.test(space) || !Number.isFinite(unit)) return space;
  return style.indent.repeat(Math.floor(space.length / unit)) + ' '.repeat(space.length % unit);
}

function leading(text: string): string {
  return /^[ \t]*/.exec(text)?.[0] ?? '';
}

function templateSpans(file: ts.SourceFile): { readonly start: number; readonly end: number }[] {
  const spans: { start: number; end: number }[] = [];
  walk(file, (node) => {
    if (
      ts.isNoSubstitutionTemplateLiteral(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddleOrTemplateTail(node)
    ) {
      spans.push({ start: node.getStart(file), end: node.end });
    }
  });
  return spans;
}
