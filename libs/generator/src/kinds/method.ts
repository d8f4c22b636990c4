import { refuse } from '@krepis/plugin';
import { ts } from 'ts-morph';
import { classAt, findClass } from '../classes.ts';
import type { Draft } from '../edit/draft.ts';
import { insertMember, isStatic, memberIndent, methodPosition, visibilityOf } from '../edit/members.ts';
import { type Style, styleOf } from '../edit/style.ts';
import { errors } from '../errors.ts';
import { isIdentifier } from '../names.ts';
import type { Options } from '../options.ts';
import { directoryOf } from '../project/paths.ts';
import { projectAt } from '../project/project.ts';
import { parse, placeOf, type Source, syntaxErrors } from '../source.ts';
import { indentBody } from './method-body.ts';

/** A signature as it was asked for. */
interface Signature {
  /** As it is written into the class, without braces. */
  readonly text: string;
  readonly node: ts.MethodDeclaration;
  readonly name: string;
}

/**
 * `method CLASS SIGNATURE`: a method after the last one of the same visibility. A name alone takes nothing and returns
 * nothing. Nothing to do if it is there with this signature.
 */
export async function method(draft: Draft, options: Options): Promise<string> {
  const [className, wanted] = options.args as [string, string];
  if (!isIdentifier(className)) refuse(errors.BAD_NAME, { values: { name: className, what: 'class' } });
  const signature = parseSignature(wanted, options.body);
  const place = await findClass(draft, className, options.file);
  const { source, node } = classAt(draft, place);
  const title = `method ${className}.${signature.name}`;

  if (isThere(source, node, className, signature)) return title;
  requireBody(signature, options.body);
  const style = styleOf(source, projectAt(draft.view, directoryOf(place.path)).style);
  const indent = memberIndent(source, node, style);
  const text = methodText(signature, options.body, indent, style);
  draft.edit(place.path, insertMember(source, node, text, methodPosition(node, signature.node), style));
  return title;
}

/** @throws Refusal KRP6005 */
function parseSignature(wanted: string, body: string | undefined): Signature {
  const bare = wanted.trim().replace(/;$/, '').trimEnd();
  let text = /^(?:[\w$]+\s+)*#?[\w$]+$/u.test(bare) ? `${bare}()` : bare;
  const bad = (reason?: string): never => refuse(errors.BAD_SIGNATURE, { values: { signature: wanted }, reason });
  const read = (): ts.MethodDeclaration => {
    const source = parse('signature.ts', `class _ {\n${text};\n}`);
    const [error] = syntaxErrors(source);
    if (error !== undefined) return bad(ts.flattenDiagnosticMessageText(error.messageText, ' '));
    const [statement, ...others] = source.file.statements;
    if (statement === undefined || !ts.isClassDeclaration(statement) || others.length > 0) return bad();
    const [member, ...more] = statement.members.filter((candidate) => !ts.isSemicolonClassElement(candidate));
    if (member === undefined || more.length > 0) return bad('it is more than one member');
    if (!ts.isMethodDeclaration(member)) return bad('it is not a method');
    if (member.body !== undefined) return bad('the body is given by `--body`');
    if (member.questionToken !== undefined) return bad('an optional method cannot have a body');
    if ((ts.getModifiers(member) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword))
      return bad('an abstract method cannot have a body');
    return member;
  };
  let node = read();
  if (node.type === undefined && (body === undefined || body.trim() === '') && node.asteriskToken === undefined) {
    const isAsync = (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
    text = `${text}: ${isAsync ? 'Promise<void>' : 'void'}`;
    node = read();
  }
  const { name } = node;
  if (!ts.isIdentifier(name) && !ts.isPrivateIdentifier(name)) return bad('its name is not an identifier');
  return { text, node, name: name.text };
}

/** @throws Refusal KRP6108 if another member has the name */
function isThere(source: Source, node: ts.ClassDeclaration, className: string, signature: Signature): boolean {
  const wantsStatic = isStatic(signature.node);
  const same = node.members.filter(
    (member) => member.name !== undefined && nameOf(member.name) === signature.name && isStatic(member) === wantsStatic,
  );
  // A parameter property is a member too.
  const parameter = node.members
    .filter(ts.isConstructorDeclaration)
    .flatMap(({ parameters }) => [...parameters])
    .find(
      (candidate) =>
        ts.isParameterPropertyDeclaration(candidate, candidate.parent) && nameOf(candidate.name) === signature.name,
    );
  const found: ts.Node | undefined = same[0] ?? (wantsStatic ? undefined : parameter);
  if (found === undefined) return false;
  if (same.filter(ts.isMethodDeclaration).some((member) => sameSignature(member, signature.node))) return true;
  return refuse(errors.MEMBER_DIFFERS, {
    values: { class: className, member: signature.name },
    at: placeOf(source, found),
    reason: ts.isMethodDeclaration(found) ? `it is \`${headOf(source, found)}\`` : 'it is not a method',
  });
}

function nameOf(name: ts.Node): string | undefined {
  return ts.isIdentifier(name) || ts.isPrivateIdentifier(name) || ts.isStringLiteral(name) ? name.text : undefined;
}

function headOf({ text, file }: Source, node: ts.MethodDeclaration): string {
  const start = (node.modifiers?.find((modifier) => !ts.isDecorator(modifier)) ?? node.name).getStart(file);
  return text
    .slice(start, node.body?.getStart(file) ?? node.end)
    .replace(/\s+/g, ' ')
    .replace(/;$/, '')
    .trim();
}

/** Same visibility, type parameters, parameters and result. A result type that one of both leaves out is not compared. */
function sameSignature(a: ts.MethodDeclaration, b: ts.MethodDeclaration): boolean {
  const plain = (node: ts.Node | undefined) => (node === undefined ? '' : node.getText().replace(/\s+/g, ''));
  const list = (nodes: ts.NodeArray<ts.Node> | undefined) => (nodes ?? []).map(plain).join(',');
  return (
    visibilityOf(a) === visibilityOf(b) &&
    (a.asteriskToken === undefined) === (b.asteriskToken === undefined) &&
    list(a.typeParameters) === list(b.typeParameters) &&
    list(a.parameters) === list(b.parameters) &&
    (a.type === undefined || b.type === undefined || plain(a.type) === plain(b.type))
  );
}

/** @throws Refusal KRP6109 */
function requireBody({ node, name }: Signature, body: string | undefined): void {
  if (body !== undefined && body.trim() !== '') return;
  const type = node.type?.getText() ?? 'what its body gives';
  const isAsync = (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
  const needsNone =
    node.type?.kind === ts.SyntaxKind.VoidKeyword || (isAsync && type.replace(/\s/g, '') === 'Promise<void>');
  if (!needsNone)
    refuse(errors.BODY_MISSING, {
      values: { method: name, type },
      reason: 'an empty body would not compile, and a made-up one would be wrong',
    });
}

function methodText({ text, name }: Signature, body: string | undefined, indent: string, style: Style): string {
  const head = text.replace(/\r\n?|\n/g, style.eol);
  if (body === undefined || body.trim() === '') return `${head} {}`;
  const lines = indentBody(text, name, body, `${indent}${style.indent}`, style);
  return `${head} {${style.eol}${lines}${style.eol}${indent}}`;
}
