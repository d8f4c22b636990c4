import { refuse } from '@krepis/plugin';
import { ts } from 'ts-morph';
import type { Style } from '../edit/style.ts';
import { errors } from '../errors.ts';
import { parse, syntaxErrors, walk } from '../source.ts';

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
  const [error] = syntaxErrors(source);
  if (error !== undefined || members !== 1 || others.length > 0) {
    const offset = error?.start ?? head.length;
    const line = Math.max(source.text.slice(head.length, offset).split('\n').length, 1);
    refuse(errors.BAD_BODY, {
      values: { method: name, line },
      reason: error === undefined ? 'its braces do not match' : ts.flattenDiagnosticMessageText(error.messageText, ' '),
    });
  }
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
