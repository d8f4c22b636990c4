import type { TextEdit } from '@krepis/plugin';
import { ts } from 'ts-morph';
import { commentsIn, endWithTrailingComments, indentAt, isFirstOnLine, onOneLine, type Source } from '../source.ts';
import type { Style } from './style.ts';

/** Where in a class a member goes. */
export interface Position {
  /** The member it follows; `undefined`: the first place. */
  readonly after: ts.ClassElement | undefined;
  /** Whether empty lines keep it apart from its neighbours, where the class has such lines. */
  readonly apart: boolean;
}

/** The indentation of a class's members. */
export function memberIndent({ text, file }: Source, node: ts.ClassDeclaration, style: Style): string {
  const own = node.members.find((member) => isFirstOnLine(text, member.getStart(file)));
  return own === undefined
    ? `${indentAt(text, node.getStart(file))}${style.indent}`
    : indentAt(text, own.getStart(file));
}

/**
 * Puts a member into a class.
 *
 * @param member its lines, from the second on indented as they are to stand in the file
 */
export function insertMember(
  source: Source,
  node: ts.ClassDeclaration,
  member: string,
  { after, apart }: Position,
  style: Style,
): TextEdit[] {
  const { text, file } = source;
  const { members } = node;
  const open = members.pos;
  const close = node.end - 1;
  const indent = memberIndent(source, node, style);
  const outer = indentAt(text, node.getStart(file));
  const index = after === undefined ? 0 : members.indexOf(after) + 1;
  const next = members[index];
  const from = after === undefined ? open : after.end;
  const limit = next?.getStart(file) ?? close;
  const edits = members.length > 0 ? openToLines(source, node, indent, outer, style) : [];

  // In a class without members every comment is part of what was said before.
  const lastComment = members.length === 0 ? commentsIn(text, open, close).at(-1) : undefined;
  const end = lastComment?.end ?? endWithTrailingComments(text, from, limit);
  const isFirst = after === undefined && lastComment === undefined;
  const isBeside = lastComment !== undefined && !isFirstOnLine(text, lastComment.start);
  const blank = apart && !isFirst && !isBeside && separates(source, node) ? style.eol : '';
  let inserted = `${blank}${style.eol}${indent}${member}`;
  if (after !== undefined && needsSemicolon(text, after, member)) edits.push(insertion(after.end, ';'));
  if (next !== undefined && needsSemicolonBefore(source, next, member)) inserted += ';';
  const rest = text.slice(end, next === undefined ? close : (commentsIn(text, end, limit)[0]?.start ?? limit));
  if (next !== undefined && isFirst && apart && !/\n[ \t]*\r?\n/.test(rest)) inserted += style.eol;
  if (next === undefined && !rest.includes('\n') && edits.every((edit) => edit.start < end)) {
    // `{}` is opened: the brace gets a line of its own.
    const trailing = text.slice(end, close);
    return [...edits, { start: end, end: close, text: `${inserted}${style.eol}${outer}${trailing.trim()}` }];
  }
  return [...edits, insertion(end, inserted)];
}

/** A class on one line gets a line for each member; only white space between them changes. */
function openToLines(
  { text, file }: Source,
  node: ts.ClassDeclaration,
  indent: string,
  outer: string,
  style: Style,
): TextEdit[] {
  const { members } = node;
  const close = node.end - 1;
  if (!onOneLine(text, members.pos, close)) return [];
  const edits: TextEdit[] = [];
  let at = members.pos;
  const gap = (end: number, wanted: string): void => {
    if (text.slice(at, end).trim() === '') edits.push(respace(text, at, end, wanted));
  };
  for (const member of members) {
    gap(member.getStart(file), `${style.eol}${indent}`);
    at = member.end;
  }
  gap(close, `${style.eol}${outer}`);
  return edits;
}

function respace(text: string, start: number, end: number, wanted: string): TextEdit {
  const found = text.slice(start, end);
  if (wanted.endsWith(found)) return insertion(start, wanted.slice(0, wanted.length - found.length));
  return { start, end, text: wanted };
}

/** Whether the class keeps its methods apart by empty lines; so it is unless two of them show otherwise. */
function separates({ text, file }: Source, node: ts.ClassDeclaration): boolean {
  let apart = 0;
  let together = 0;
  for (const [index, member] of node.members.entries()) {
    const previous = node.members[index - 1];
    if (previous === undefined || !hasBody(previous) || !hasBody(member)) continue;
    if (/\n[ \t]*\r?\n/.test(text.slice(previous.end, member.getStart(file)))) apart += 1;
    else together += 1;
  }
  return apart >= together;
}

function hasBody(member: ts.ClassElement): boolean {
  return 'body' in member && member.body !== undefined;
}

/** A field without a semicolon would swallow a member that begins with `[`, `(` or `*`. */
function needsSemicolon(text: string, before: ts.ClassElement, member: string): boolean {
  return ts.isPropertyDeclaration(before) && text[before.end - 1] !== ';' && /^[[(*]/.test(member);
}

function needsSemicolonBefore({ text, file }: Source, next: ts.ClassElement, member: string): boolean {
  return !/[;}]$/.test(member) && /^[[(*]/.test(text.slice(next.getStart(file)));
}

function insertion(at: number, text: string): TextEdit {
  return { start: at, end: at, text };
}

/** How far a member is seen, from everywhere (0) to its class only (2). */
export function visibilityOf(member: ts.ClassElement): 0 | 1 | 2 {
  if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return 2;
  const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : [];
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)) return 2;
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.ProtectedKeyword) ? 1 : 0;
}

/** Whether a member belongs to the class itself. */
export function isStatic(member: ts.ClassElement): boolean {
  const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
}

/** After the last method that is seen as far; else between those seen farther and those seen less. */
export function methodPosition(node: ts.ClassDeclaration, method: ts.MethodDeclaration): Position {
  const methods = node.members.filter(ts.isMethodDeclaration);
  const wanted = visibilityOf(method);
  const last = (test: (member: ts.MethodDeclaration) => boolean) => methods.filter(test).at(-1);
  const after =
    last((member) => visibilityOf(member) === wanted && isStatic(member) === isStatic(method)) ??
    last((member) => visibilityOf(member) <= wanted);
  if (after !== undefined) return { after, apart: true };
  const first = methods[0];
  const index = first === undefined ? node.members.length : node.members.indexOf(first);
  return { after: node.members[index - 1], apart: true };
}
