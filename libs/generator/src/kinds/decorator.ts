import { refuse, type TextEdit } from '@krepis/plugin';
import { ts } from 'ts-morph';
import { type ClassPlace, classAt, exportOf, findClass } from '../classes.ts';
import type { Draft } from '../edit/draft.ts';
import { ensureImport, type Origin } from '../edit/imports.ts';
import { styleOf } from '../edit/style.ts';
import { errors } from '../errors.ts';
import { importedAs } from '../modules/declaration.ts';
import { isIdentifier } from '../names.ts';
import type { Options } from '../options.ts';
import { directoryOf, join } from '../project/paths.ts';
import { type Project, projectAt } from '../project/project.ts';
import {
  endWithTrailingComments,
  indentAt,
  onOneLine,
  parse,
  placeOf,
  type Source,
  syntaxErrors,
  walk,
} from '../source.ts';

/** A decorator as it was asked for. */
interface Wanted {
  /** From the `@` on. */
  readonly text: string;
  /** `Roles`, `nest.Roles`. */
  readonly name: string;
  readonly node: ts.Decorator;
}

/** Decorators that a NestJS project imports from the framework; others need `--from`. */
const NEST_COMMON = new Set(
  (
    'All Bind Body CacheInterceptor Catch Controller Delete Get Global Head Header HostParam HttpCode Inject Injectable Ip ' +
    'Module Next Optional Options Param Patch Post Put Query Redirect Render Req Request Res Response Session SetMetadata Sse ' +
    'UploadedFile UploadedFiles UseFilters UseGuards UseInterceptors UsePipes Version'
  ).split(' '),
);

/**
 * `decorator CLASS[.MEMBER] '@Name(…)'`: a decorator below those that are there, with the imports of its names. Nothing to do
 * if it is there with these arguments.
 */
export async function decorator(draft: Draft, options: Options): Promise<string> {
  const [target, text] = options.args as [string, string];
  const [className, memberName, ...rest] = target.split('.') as [string, string | undefined, ...string[]];
  if (!isIdentifier(className) || rest.length > 0)
    refuse(errors.BAD_NAME, { values: { name: target, what: 'class or member' } });
  const wanted = parseDecorator(text);
  const place = await findClass(draft, className, options.file);
  const title = `decorator @${wanted.name} on ${target}`;
  if (isThere(draft, place, memberName, target, wanted)) return title;

  const project = projectAt(draft.view, directoryOf(place.path));
  const names = new Map<string, string>();
  for (const name of freeNames(wanted))
    names.set(name, await localFor(draft, place.path, name, wanted, options, project));
  const written = rename(wanted, names);
  const { source } = classAt(draft, place);
  draft.edit(place.path, insertion(source, targetOf(draft, place, memberName), written, project));
  return title;
}

/** @throws Refusal KRP6007 */
function parseDecorator(text: string): Wanted {
  const trimmed = text.trim();
  const bad = (reason?: string): never => refuse(errors.BAD_DECORATOR, { values: { text }, reason });
  const source = parse('decorator.ts', `${trimmed}\nclass _ {}`);
  const [error] = syntaxErrors(source);
  if (error !== undefined) return bad(ts.flattenDiagnosticMessageText(error.messageText, ' '));
  const [statement, ...others] = source.file.statements;
  if (statement === undefined || !ts.isClassDeclaration(statement) || others.length > 0 || !trimmed.startsWith('@'))
    return bad();
  const [node, ...more] = ts.getDecorators(statement) ?? [];
  if (node === undefined || more.length > 0 || node.end !== trimmed.length) return bad();
  const callee = ts.isCallExpression(node.expression) ? node.expression.expression : node.expression;
  if (!ts.isIdentifier(callee) && !(ts.isPropertyAccessExpression(callee) && ts.isIdentifier(callee.expression))) {
    return bad('it is neither a name nor a call of one');
  }
  return { text: trimmed, name: callee.getText(), node };
}

type Target = ts.ClassDeclaration | ts.MethodDeclaration | ts.PropertyDeclaration | ts.AccessorDeclaration;

/** @throws Refusal KRP6121 */
function targetOf(draft: Draft, place: ClassPlace, member: string | undefined): Target {
  const { source, node } = classAt(draft, place);
  if (member === undefined) return node;
  const named = node.members.filter(
    (candidate) => candidate.name !== undefined && candidate.name.getText(source.file) === member,
  );
  // Overloads are decorated at the implementation.
  const found =
    named.find((candidate) => !ts.isMethodDeclaration(candidate) || candidate.body !== undefined) ?? named[0];
  if (
    found === undefined ||
    !(ts.isMethodDeclaration(found) || ts.isPropertyDeclaration(found) || ts.isAccessor(found))
  ) {
    return refuse(errors.UNKNOWN_MEMBER, { values: { class: place.name, member }, at: placeOf(source, node) });
  }
  return found;
}

/** @throws Refusal KRP6113 if it is there with other arguments */
function isThere(draft: Draft, place: ClassPlace, member: string | undefined, target: string, wanted: Wanted): boolean {
  const { source } = classAt(draft, place);
  const plain = (node: ts.Node) =>
    node
      .getText()
      .replace(/\s+/g, '')
      .replace(/,([)\]}])/g, '$1')
      .replaceAll('"', "'");
  const same = (ts.getDecorators(targetOf(draft, place, member)) ?? []).filter(({ expression }) => {
    const callee = ts.isCallExpression(expression) ? expression.expression : expression;
    const local = callee.getText(source.file);
    return local === wanted.name || importedAs(source, local)?.name === wanted.name;
  });
  const [first] = same;
  if (first === undefined) return false;
  const argumentsOf = (node: ts.Decorator) =>
    ts.isCallExpression(node.expression) ? `(${node.expression.arguments.map(plain).join(',')})` : '';
  if (same.some((node) => argumentsOf(node) === argumentsOf(wanted.node))) return true;
  return refuse(errors.DECORATOR_DIFFERS, {
    values: { target, decorator: wanted.name },
    at: placeOf(source, first),
    reason: `it is \`${first.getText(source.file).replace(/\s+/g, ' ')}\``,
  });
}

/** Names the decorator uses and does not declare itself, its own name first. */
function freeNames({ node }: Wanted): string[] {
  const used = new Set<string>();
  const declared = new Set<string>();
  walk(node, (child) => {
    if ((ts.isParameter(child) || ts.isVariableDeclaration(child)) && ts.isIdentifier(child.name))
      declared.add(child.name.text);
    if (ts.isBindingElement(child) && ts.isIdentifier(child.name)) declared.add(child.name.text);
    if (ts.isIdentifier(child) && isUse(child)) used.add(child.text);
  });
  return [...used].filter((name) => !declared.has(name) && !(name in globalThis) && name !== 'undefined');
}

function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  return !(
    ts.isParameter(parent) ||
    ts.isBindingElement(parent) ||
    ts.isMethodDeclaration(parent) ||
    (ts.isVariableDeclaration(parent) && parent.name === node)
  );
}

/** What a name of the decorator is called in the file; imported if it is not there yet. */
async function localFor(
  draft: Draft,
  path: string,
  name: string,
  wanted: Wanted,
  options: Options,
  project: Project,
): Promise<string> {
  const source = draft.source(path);
  const isOwn = name === wanted.name.split('.')[0];
  const from = isOwn && options.from !== undefined ? originOf(draft, options.from, path) : undefined;
  if (from === undefined && (importedAs(source, name) !== undefined || isDeclared(source, name))) return name;
  if (from !== undefined) return ensureImport(draft, path, { name, from }, project);
  if (isOwn && project.dialect === 'nest' && NEST_COMMON.has(name)) {
    return ensureImport(draft, path, { name, from: { specifier: '@nestjs/common' } }, project);
  }
  const sites = await draft.view.findClasses(name);
  if (sites.length > 0) return ensureImport(draft, path, exportOf(draft, await findClass(draft, name)), project);
  return refuse(errors.UNKNOWN_NAME, {
    values: { name, path },
    at: { path },
    reason: 'it is neither declared nor imported there, and no class of the workspace',
    hint: isOwn ? undefined : `import ${name} in ${path} first`,
  });
}

/** `--from`: a file of the workspace, also relative to the edited one, or a module specifier. */
export function originOf(draft: Draft, from: string, path: string): Origin {
  const candidates = /^\.\.?\//.test(from) ? [join(directoryOf(path), from)] : [from];
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    const bare = candidate.replace(/\.[cm]?js$/, '');
    for (const file of [candidate, `${bare}.ts`, `${bare}/index.ts`]) {
      if (/\.[cm]?tsx?$/.test(file) && !file.startsWith('/') && draft.view.readBytes(file) !== undefined)
        return { file };
    }
  }
  return { specifier: from };
}

function isDeclared({ file }: Source, name: string): boolean {
  return file.statements.some((statement) => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.some(
        (declaration) => ts.isIdentifier(declaration.name) && declaration.name.text === name,
      );
    }
    const declared = (statement as { name?: ts.Node }).name;
    return declared !== undefined && ts.isIdentifier(declared) && declared.text === name;
  });
}

/** The decorator's text with names as the file has them. */
function rename({ text, node }: Wanted, names: ReadonlyMap<string, string>): string {
  const edits: TextEdit[] = [];
  walk(node, (child) => {
    if (!ts.isIdentifier(child) || !isUse(child)) return;
    const local = names.get(child.text);
    if (local !== undefined && local !== child.text)
      edits.push({ start: child.getStart(), end: child.end, text: local });
  });
  return edits
    .reverse()
    .reduce((result, edit) => result.slice(0, edit.start) + edit.text + result.slice(edit.end), text);
}

/** Below the decorators that are there, beside them where they stand on the target's line, else on a line above it. */
function insertion(source: Source, target: Target, text: string, project: Project): TextEdit[] {
  const { eol } = styleOf(source, project.style);
  const start = target.getStart(source.file);
  const last = ts.getDecorators(target)?.at(-1);
  const written = text.replace(/\r\n?|\n/g, eol);
  if (last === undefined) return [{ start, end: start, text: `${written}${eol}${indentAt(source.text, start)}` }];
  const next = nextToken(source, target, last);
  if (onOneLine(source.text, last.end, next)) return [{ start: last.end, end: last.end, text: ` ${written}` }];
  const end = endWithTrailingComments(source.text, last.end, next);
  return [{ start: end, end, text: `${eol}${indentAt(source.text, last.getStart(source.file))}${written}` }];
}

function nextToken({ file }: Source, target: Target, last: ts.Decorator): number {
  const modifier = target.modifiers?.find(({ pos }) => pos >= last.end);
  if (modifier !== undefined) return modifier.getStart(file);
  return (
    target
      .getChildren(file)
      .find((child) => child.kind !== ts.SyntaxKind.SyntaxList && child.pos >= last.end)
      ?.getStart(file) ?? target.end
  );
}
