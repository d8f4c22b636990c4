import { refuse } from '@krepis/plugin';
import { ts } from 'ts-morph';
import { type ClassPlace, classAt } from '../classes.ts';
import type { Draft } from '../edit/draft.ts';
import { type Export, ensureImport } from '../edit/imports.ts';
import { insertIntoList } from '../edit/lists.ts';
import { insertMember } from '../edit/members.ts';
import { styleOf } from '../edit/style.ts';
import { errors } from '../errors.ts';
import { camelCase } from '../names.ts';
import type { Project } from '../project/project.ts';
import { placeOf, type Source } from '../source.ts';
import { dependenciesOf, injectToken } from './dependencies.ts';
import { namesOf } from './known.ts';

/**
 * Adds a NestJS dependency: a constructor parameter, or a field with `@Inject()` where the class has such fields and no
 * constructor, or is derived and has none of its own.
 *
 * @returns false if the class has the dependency
 * @throws Refusal KRP6112 if the constructor's form does not allow it, KRP6116 if the name is taken
 */
export function injectParameter(draft: Draft, place: ClassPlace, dependency: Export, project: Project): boolean {
  const before = classAt(draft, place);
  const known = namesOf(before.source, dependency, project);
  if (dependenciesOf(before.source, before.node).some(({ token }) => known.includes(token))) return false;

  const wanted = camelCase(dependency.local ?? dependency.name);
  const style = parameterStyle(before.source, before.node);
  const name = style.underscore ? `_${wanted}` : wanted;
  requireFree(before.source, before.node, name, place.name);
  const byField = usesFields(before.source, before.node);
  if (!byField) requireShape(before.source, before.node, place.name);

  const local = ensureImport(draft, place.path, dependency, project);
  const decorator = byField
    ? ensureImport(draft, place.path, { name: 'Inject', from: { specifier: '@nestjs/common' } }, project)
    : undefined;
  const { source, node } = classAt(draft, place);
  const layout = styleOf(source, project.style);
  if (decorator !== undefined) {
    const fields = node.members.filter(ts.isPropertyDeclaration);
    const after = fields.filter((field) => injectToken(source, field) !== undefined).at(-1) ?? undefined;
    const text = `@${decorator}(${local}) private readonly ${name}: ${local}${layout.semicolons ? ';' : ''}`;
    draft.edit(
      place.path,
      insertMember(
        source,
        node,
        text,
        { after, apart: !fields.includes(node.members[0] as ts.PropertyDeclaration) },
        layout,
      ),
    );
    return true;
  }
  const parameter = `${style.modifiers} ${name}: ${local}`;
  const ownConstructor = node.members.find(
    (member) => ts.isConstructorDeclaration(member) && member.body !== undefined,
  );
  if (ownConstructor === undefined || !ts.isConstructorDeclaration(ownConstructor)) {
    const after = node.members
      .filter((member) => ts.isPropertyDeclaration(member) || ts.isIndexSignatureDeclaration(member))
      .at(-1);
    const isApart = node.members.length > 0;
    draft.edit(
      place.path,
      insertMember(source, node, `constructor(${parameter}) {}`, { after, apart: isApart }, layout),
    );
    return true;
  }
  const { parameters } = ownConstructor;
  const list = {
    elements: parameters,
    open: parameters.pos,
    close: closingParenthesis(source, ownConstructor),
    padded: false,
    trailingComma: layout.trailingParameterComma,
  };
  draft.edit(place.path, insertIntoList(source, list, parameter, layout));
  return true;
}

/** How the class writes its parameter properties. */
function parameterStyle(
  source: Source,
  node: ts.ClassDeclaration,
): { readonly modifiers: string; readonly underscore: boolean } {
  const properties = node.members
    .filter(ts.isConstructorDeclaration)
    .flatMap(({ parameters }) => [...parameters])
    .filter((parameter) => ts.isParameterPropertyDeclaration(parameter, parameter.parent));
  const last = properties.at(-1);
  const modifiers =
    (last === undefined ? undefined : ts.getModifiers(last))?.map((modifier) => modifier.getText(source.file)) ?? [];
  return {
    modifiers:
      modifiers.length === 0 ? 'private readonly' : modifiers.filter((modifier) => modifier !== 'override').join(' '),
    underscore: properties.length > 0 && properties.every(({ name }) => name.getText(source.file).startsWith('_')),
  };
}

function usesFields(source: Source, node: ts.ClassDeclaration): boolean {
  if (node.members.some(ts.isConstructorDeclaration)) return false;
  // A constructor of its own would have to repeat the parent's parameters.
  if (node.heritageClauses?.some(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)) return true;
  return node.members.some((member) => ts.isPropertyDeclaration(member) && injectToken(source, member) !== undefined);
}

function requireShape(source: Source, node: ts.ClassDeclaration, className: string): void {
  const constructors = node.members.filter(ts.isConstructorDeclaration);
  const [first] = constructors;
  const no = (at: ts.Node, reason: string): never =>
    refuse(errors.CONSTRUCTOR_SHAPE, { values: { class: className }, at: placeOf(source, at), reason });
  if (constructors.length > 1) no(first as ts.Node, 'it is overloaded');
  const last = first?.parameters.find(
    (parameter) => parameter.questionToken ?? parameter.initializer ?? parameter.dotDotDotToken,
  );
  if (last !== undefined)
    no(last, 'a required parameter cannot follow an optional one, and before it callers would pass other arguments');
}

function requireFree(source: Source, node: ts.ClassDeclaration, name: string, className: string): void {
  const parameters = node.members.filter(ts.isConstructorDeclaration).flatMap((member) => [...member.parameters]);
  const taken = [...node.members, ...parameters].find((member) => member.name?.getText(source.file) === name);
  if (taken !== undefined)
    refuse(errors.NAME_TAKEN, { values: { member: name, class: className }, at: placeOf(source, taken) });
}

function closingParenthesis({ file }: Source, node: ts.ConstructorDeclaration): number {
  const token = node.getChildren(file).find(({ kind }) => kind === ts.SyntaxKind.CloseParenToken);
  return token?.getStart(file) ?? node.parameters.end;
}
