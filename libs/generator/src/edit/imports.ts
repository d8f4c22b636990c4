import type { TextEdit } from '@krepis/plugin';
import { ts } from 'ts-morph';
import type { Project } from '../project/project.ts';
import { specifierFor, targetOf } from '../project/specifiers.ts';
import { commentsIn, endWithTrailingComments, isDirective, type Source, walk } from '../source.ts';
import type { Draft } from './draft.ts';
import { insertIntoList } from './lists.ts';
import { type Style, styleOf } from './style.ts';

/** Where a name is exported from: a file of the workspace, or a package or alias as the code writes it. */
export type Origin = { readonly file: string } | { readonly specifier: string };

/** An export. */
export interface Export {
  /** `default` for a default export. */
  readonly name: string;
  readonly from: Origin;
  /** What a default export is called where it is imported, and in its own file. */
  readonly local?: string | undefined;
}

/**
 * How a file calls an export: the name itself, an alias, `ns.Name`; `undefined` if it cannot use it as a value yet.
 */
export function localNameOf(source: Source, wanted: Export, project: Project): string | undefined {
  if ('file' in wanted.from && wanted.from.file === source.path) return wanted.local ?? wanted.name;
  for (const declaration of importsFrom(source, wanted.from, project)) {
    const clause = declaration.importClause;
    if (clause === undefined || clause.isTypeOnly) continue;
    const name = nameIn(clause, wanted.name);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Makes an export usable as a value in a file; gives the name by which it is called there. */
export function ensureImport(draft: Draft, path: string, wanted: Export, project: Project): string {
  const source = draft.source(path);
  const present = localNameOf(source, wanted, project);
  if (present !== undefined) return present;
  const style = styleOf(source, project.style);
  const declarations = importsFrom(source, wanted.from, project);

  const typeOnly = withoutType(source, declarations, wanted.name);
  if (typeOnly !== undefined) {
    draft.edit(path, typeOnly.edits);
    return typeOnly.local;
  }

  const wish = wanted.local ?? wanted.name;
  const local = isFree(source, wish) ? wish : freeName(source, wish);
  const entry = local === wanted.name ? local : `${wanted.name} as ${local}`;
  draft.edit(path, addTo(source, declarations, entry, style) ?? [newImport(source, wanted, entry, project, style)]);
  return local;
}

/** Import declarations of an origin, in source order. */
function importsFrom(source: Source, origin: Origin, project: Project): ts.ImportDeclaration[] {
  return source.file.statements.filter(ts.isImportDeclaration).filter((declaration) => {
    const specifier = textOf(declaration);
    if ('specifier' in origin) return specifier === origin.specifier;
    return targetOf(specifier, source.path, project) === withoutExtension(origin.file);
  });
}

function textOf(declaration: ts.ImportDeclaration): string {
  return (declaration.moduleSpecifier as ts.StringLiteral).text;
}

function nameIn(clause: ts.ImportClause, name: string): string | undefined {
  if (name === 'default' && clause.name !== undefined) return clause.name.text;
  const bindings = clause.namedBindings;
  if (bindings === undefined) return undefined;
  if (ts.isNamespaceImport(bindings)) return name === 'default' ? undefined : `${bindings.name.text}.${name}`;
  const found = bindings.elements.find(
    (element) => (element.propertyName ?? element.name).text === name && !element.isTypeOnly,
  );
  return found?.name.text;
}

/** Edits that make a type import of the name into one of the value: the word `type` goes. */
function withoutType(
  source: Source,
  declarations: readonly ts.ImportDeclaration[],
  name: string,
): { readonly edits: TextEdit[]; readonly local: string } | undefined {
  for (const { importClause: clause } of declarations) {
    if (clause?.namedBindings === undefined || !ts.isNamedImports(clause.namedBindings)) continue;
    const elements = clause.namedBindings.elements;
    const found = elements.find((element) => (element.propertyName ?? element.name).text === name);
    if (found === undefined) continue;
    if (!clause.isTypeOnly) return { edits: [removeWord(source, found)], local: found.name.text };
    const others = elements.filter((element) => element !== found);
    const edits = others.map((element) => ({
      start: element.getStart(source.file),
      end: element.getStart(source.file),
      text: 'type ',
    }));
    return { edits: [removeWord(source, clause), ...edits], local: found.name.text };
  }
  return undefined;
}

/** Takes `type ` from the front of a clause or specifier. */
function removeWord({ text, file }: Source, node: ts.Node): TextEdit {
  const start = node.getStart(file);
  const length = /^type\s*/.exec(text.slice(start))?.[0].length ?? 0;
  return { start, end: start + length, text: '' };
}

function addTo(
  source: Source,
  declarations: readonly ts.ImportDeclaration[],
  entry: string,
  style: Style,
): TextEdit[] | undefined {
  for (const { importClause: clause } of declarations) {
    if (clause === undefined || clause.isTypeOnly) continue;
    const bindings = clause.namedBindings;
    if (bindings === undefined && clause.name !== undefined) {
      return [{ start: clause.name.end, end: clause.name.end, text: `, ${inBraces(entry, style)}` }];
    }
    if (bindings === undefined || !ts.isNamedImports(bindings)) continue;
    const { elements } = bindings;
    const list = {
      elements,
      open: bindings.getStart(source.file) + 1,
      close: bindings.end - 1,
      padded: true,
      trailingComma: style.trailingComma,
    };
    return insertIntoList(source, list, entry, style, sortedIndex(source, elements, entry));
  }
  return undefined;
}

/** Where an entry belongs in a sorted list; `undefined` (the end) if the list is not sorted or holds comments. */
function sortedIndex({ text }: Source, elements: ts.NodeArray<ts.ImportSpecifier>, entry: string): number | undefined {
  if (commentsIn(text, elements.pos, elements.end).length > 0) return undefined;
  const names = elements.map((element) => (element.propertyName ?? element.name).text);
  const orders = [(name: string) => name.toLowerCase(), (name: string) => name];
  const key = orders.find((order) =>
    names.every((name, index) => index === 0 || order(names[index - 1] as string) <= order(name)),
  );
  if (key === undefined) return undefined;
  const index = names.findIndex((name) => key(name) > key(entry));
  return index < 0 ? undefined : index;
}

function newImport(source: Source, wanted: Export, entry: string, project: Project, style: Style): TextEdit {
  const { text, file } = source;
  const specifier =
    'specifier' in wanted.from ? wanted.from.specifier : specifierFor(source, wanted.from.file, project);
  const names = wanted.name === 'default' ? entry.replace('default as ', '') : inBraces(entry, style);
  const statement = `import ${names} from ${style.quote}${specifier}${style.quote}${style.semicolons ? ';' : ''}`;
  const group = topGroup(file);
  const last = group.at(-1);
  if (last !== undefined) {
    const next = file.statements[file.statements.indexOf(last) + 1];
    const limit = next?.getStart(file) ?? file.endOfFileToken.getStart(file);
    const end = endWithTrailingComments(text, last.end, limit);
    return { start: end, end, text: `${style.eol}${statement}` };
  }
  return atTop(source, statement, style);
}

function inBraces(entry: string, style: Style): string {
  return style.braceSpacing ? `{ ${entry} }` : `{${entry}}`;
}

/** The imports at the top: up to the first other statement (directives before them do not count). */
function topGroup(file: ts.SourceFile): ts.Statement[] {
  const statements = [...file.statements];
  const first = statements.findIndex((statement) => !isDirective(statement));
  const rest = first < 0 ? [] : statements.slice(first);
  const end = rest.findIndex(
    (statement) => !ts.isImportDeclaration(statement) && !ts.isImportEqualsDeclaration(statement),
  );
  return end < 0 ? rest : rest.slice(0, end);
}

/** The first import of a file: after shebang, licence and directives, before the comment that belongs to the first code. */
function atTop({ text, file }: Source, statement: string, style: Style): TextEdit {
  const directive = [...file.statements].filter((_, index, all) => all.slice(0, index + 1).every(isDirective)).at(-1);
  const next = file.statements.find((candidate) => !isDirective(candidate));
  const limit = next?.getStart(file) ?? file.endOfFileToken.getStart(file);
  const begin = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const shebang = ts.getShebang(text)?.length ?? 0;
  let end = Math.max(begin, shebang);
  if (directive !== undefined) {
    end = endWithTrailingComments(text, directive.end, limit);
  } else {
    for (const comment of commentsIn(text, end, limit)) {
      const standsAlone = EMPTY_LINE.test(text.slice(comment.end)) || text.startsWith('/*!', comment.start);
      if (!standsAlone && !isHeaderBlock(text, comment.end, limit)) break;
      end = comment.end;
    }
  }
  if (end === begin)
    return { start: begin, end: begin, text: `${statement}${style.eol}${next === undefined ? '' : style.eol}` };
  const behind = next === undefined || EMPTY_LINE.test(text.slice(end)) ? '' : style.eol;
  return { start: end, end, text: `${style.eol}${style.eol}${statement}${behind}` };
}

const EMPTY_LINE = /^[ \t]*\r?\n[ \t]*\r?\n/;

/** Whether the comments from here on go on line by line and end with an empty line. */
function isHeaderBlock(text: string, offset: number, limit: number): boolean {
  let at = offset;
  for (const comment of commentsIn(text, offset, limit)) {
    if (!/^\r?\n[ \t]*$/.test(text.slice(at, comment.start))) return false;
    if (EMPTY_LINE.test(text.slice(comment.end))) return true;
    at = comment.end;
  }
  return false;
}

/** Whether nothing in the file declares or imports a name: anywhere, since an inner one would hide it. */
export function isFree({ file }: Source, name: string): boolean {
  let free = true;
  walk(file, (node) => {
    const declared = (node as { name?: ts.Node }).name;
    if (declared === undefined || !ts.isIdentifier(declared) || declared.text !== name) return;
    const isMember =
      ts.isPropertyAccessExpression(node) ||
      ts.isClassElement(node) ||
      ts.isTypeElement(node) ||
      ts.isObjectLiteralElement(node) ||
      ts.isEnumMember(node);
    if (!isMember && !ts.isMetaProperty(node)) free = false;
  });
  return free;
}

function freeName(source: Source, name: string): string {
  for (let number = 2; ; number += 1) {
    const candidate = `${name}${number}`;
    if (isFree(source, candidate)) return candidate;
  }
}

function withoutExtension(path: string): string {
  return path.replace(/(?:\.d)?\.[cm]?[jt]sx?$/, '');
}
