import { type Place, refuse } from '@krepis/plugin';
import { ts } from 'ts-morph';
import type { Draft } from '../edit/draft.ts';
import { type Export, ensureImport, localNameOf } from '../edit/imports.ts';
import { insertIntoList, type List } from '../edit/lists.ts';
import { type Style, styleOf } from '../edit/style.ts';
import { errors } from '../errors.ts';
import type { Project } from '../project/project.ts';
import { commentsIn, placeOf, type Source, unwrap, walk } from '../source.ts';
import { type ModuleDeclaration, modulesIn } from './declaration.ts';

/** A list of a module. */
export type ModuleKey = 'imports' | 'controllers' | 'providers' | 'routes' | 'exports';

/** Where a module stands. */
export interface ModuleSite {
  readonly path: string;
  readonly name: string;
}

/** The declaration at a site. */
export function declarationAt(source: Source, site: ModuleSite): ModuleDeclaration {
  const found = modulesIn(source).find(({ name }) => name === site.name);
  if (found === undefined) throw new Error(`${site.path} no longer declares ${site.name}`);
  return found;
}

/** Lists an export in a module, with the import it needs; nothing if it is there already. */
export function addToModule(draft: Draft, site: ModuleSite, key: ModuleKey, element: Export, project: Project): void {
  const before = draft.source(site.path);
  const present = localNameOf(before, element, project);
  const shape = listOf(before, declarationAt(before, site), key);
  const name = element.local ?? element.name;
  if (present !== undefined && shape.elements.some((node) => stands(node, present))) return;
  if (shape.kind === 'fixed') {
    const values = { key, module: site.name, name };
    refuse(errors.MODULE_SHAPE, { values, at: shape.at, reason: shape.reason });
  }
  const local = ensureImport(draft, site.path, element, project);
  const source = draft.source(site.path);
  const edits = additionTo(
    source,
    listOf(source, declarationAt(source, site), key),
    key,
    local,
    styleOf(source, project.style),
  );
  draft.edit(site.path, edits);
}

/** Whether a list element is this class, provides it, or is its dynamic module. */
export function stands(node: ts.Expression, local: string): boolean {
  const expression = unwrap(node);
  if (ts.isObjectLiteralExpression(expression)) {
    const provide = propertyOf(expression, 'provide');
    return provide !== undefined && ts.isPropertyAssignment(provide) && textOf(unwrap(provide.initializer)) === local;
  }
  if (ts.isCallExpression(expression)) {
    const callee = unwrap(expression.expression);
    if (ts.isIdentifier(callee) && callee.text === 'forwardRef') {
      const [arrow] = expression.arguments;
      return arrow !== undefined && ts.isArrowFunction(arrow) && textOf(arrow.body) === local;
    }
    return ts.isPropertyAccessExpression(callee) && textOf(callee.expression) === local;
  }
  return textOf(expression) === local;
}

/** What stands behind a key of a module. */
export type ModuleList = { /** The elements that are known. */ readonly elements: readonly ts.Expression[] } & (
  | {
      readonly kind: 'array';
      readonly array: ts.ArrayLiteralExpression /** Whether nothing else can be in it. */;
      readonly complete: boolean;
    }
  /** A constant that others use too: it is spread into an array of the module's own. */
  | {
      readonly kind: 'shared';
      readonly at: number;
      readonly end: number;
      readonly text: string;
      readonly complete: boolean;
    }
  | { readonly kind: 'missing'; readonly object: ts.ObjectLiteralExpression }
  /** `@Module()` without metadata. */
  | { readonly kind: 'empty'; readonly call: ts.CallExpression }
  | { readonly kind: 'fixed'; readonly at: Place; readonly reason: string }
);

/** Finds the list behind a key: through local constants, parentheses, `as` and `satisfies`. */
export function listOf(source: Source, { call }: ModuleDeclaration, key: ModuleKey): ModuleList {
  const fixed = (node: ts.Node, reason: string): ModuleList => ({
    kind: 'fixed',
    elements: [],
    at: placeOf(source, node),
    reason,
  });
  const [argument] = call.arguments;
  if (argument === undefined) return { kind: 'empty', elements: [], call };
  const metadata = behind(source, argument);
  if (!ts.isObjectLiteralExpression(metadata))
    return fixed(argument, 'its metadata is not an object literal of this file');
  const same = metadata.properties.filter((property) => nameOf(property) === key);
  const property = same[0];
  const spread = metadata.properties.find(ts.isSpreadAssignment);
  const computed = metadata.properties.find(
    (candidate) => candidate.name !== undefined && ts.isComputedPropertyName(candidate.name),
  );
  if (computed !== undefined) return fixed(computed, 'a computed key may be the one');
  if (property === undefined) {
    if (spread !== undefined)
      return fixed(spread, `\`${key}\` may come with what is spread here; a second key would hide it`);
    return { kind: 'missing', elements: [], object: metadata };
  }
  if (same.length > 1) return fixed(same[1] as ts.Node, 'the key is there twice');
  if (spread !== undefined && spread.pos > property.pos)
    return fixed(spread, `what is spread here may replace \`${key}\``);
  if (ts.isShorthandPropertyAssignment(property))
    return shared(source, property.name, property.name.end, property.name.end, `: [...${property.name.text}, `);
  if (!ts.isPropertyAssignment(property)) return fixed(property, 'it is not a plain property');
  const value = unwrap(property.initializer);
  if (ts.isArrayLiteralExpression(value)) return arrayList(source, value);
  if (ts.isIdentifier(value))
    return shared(source, value, value.getStart(source.file), value.end, `[...${value.text}, `);
  return fixed(value, 'its value is computed');

  function shared(from: Source, name: ts.Identifier, at: number, end: number, text: string): ModuleList {
    const array = behind(from, name);
    if (!ts.isArrayLiteralExpression(array))
      return fixed(name, `\`${name.text}\` is not an array literal of this file`);
    const list = arrayList(from, array);
    if (list.kind !== 'array' || usesOf(from, name.text) === 1) return list;
    return { kind: 'shared', elements: list.elements, complete: list.complete, at, end, text };
  }
}

function arrayList(source: Source, array: ts.ArrayLiteralExpression): ModuleList & { readonly kind: 'array' } {
  let complete = true;
  const elements = array.elements.flatMap((element): readonly ts.Expression[] => {
    if (!ts.isSpreadElement(element)) return [element];
    const inner = behind(source, element.expression);
    if (ts.isArrayLiteralExpression(inner)) {
      const nested = arrayList(source, inner);
      complete &&= nested.complete;
      return nested.elements;
    }
    complete = false;
    return [];
  });
  return { kind: 'array', array, elements, complete };
}

function additionTo(source: Source, list: ModuleList, key: ModuleKey, local: string, style: Style) {
  const { file } = source;
  switch (list.kind) {
    case 'array':
      return insertIntoList(source, bracketed(source, list.array, list.array.elements, false, style), local, style);
    case 'shared': {
      const { at, end, text } = list;
      // `all` becomes `[...all, X]`, `providers` becomes `providers: [...providers, X]`; what was there stays.
      const opening = text.startsWith(':') ? text : '[...';
      return at === end
        ? [{ start: at, end: at, text: `${opening}${local}]` }]
        : [
            { start: at, end: at, text: opening },
            { start: end, end, text: `, ${local}]` },
          ];
    }
    case 'missing': {
      const { object } = list;
      const brackets = bracketed(source, object, object.properties, true, style);
      return insertIntoList(source, brackets, `${key}: [${local}]`, style, keyIndex(source, object, key));
    }
    case 'empty': {
      const close = list.call.end - 1;
      const text = style.braceSpacing ? `{ ${key}: [${local}] }` : `{${key}: [${local}]}`;
      return [{ start: close, end: close, text }];
    }
    case 'fixed':
      throw new Error(`${file.fileName} cannot be edited here`);
  }
}

const KEY_ORDER: readonly (string | undefined)[] = ['imports', 'controllers', 'providers', 'routes', 'exports'];

/** Where a key belongs among those that are there; `undefined` (the end) if a comment would get another neighbour. */
function keyIndex({ text, file }: Source, object: ts.ObjectLiteralExpression, key: ModuleKey): number | undefined {
  const rank = KEY_ORDER.indexOf(key);
  const index = object.properties.findIndex((property) => KEY_ORDER.indexOf(nameOf(property)) > rank);
  const property = object.properties[index];
  if (property === undefined) return undefined;
  return commentsIn(text, property.pos, property.getStart(file)).length > 0 ? undefined : index;
}

function bracketed(
  source: Source,
  node: ts.Node,
  elements: ts.NodeArray<ts.Node>,
  isObject: boolean,
  style: Style,
): List {
  const open = node.getStart(source.file) + 1;
  return { elements, open, close: node.end - 1, padded: isObject, trailingComma: style.trailingComma };
}

/** The expression a local constant stands for, else the expression itself. */
function behind(source: Source, node: ts.Expression): ts.Expression {
  const expression = unwrap(node);
  if (!ts.isIdentifier(expression)) return expression;
  const declarations = source.file.statements
    .filter(ts.isVariableStatement)
    .filter(({ declarationList }) => (declarationList.flags & ts.NodeFlags.Const) !== 0)
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .filter(({ name }) => ts.isIdentifier(name) && name.text === expression.text);
  const [only] = declarations;
  return only?.initializer === undefined || declarations.length > 1 ? expression : unwrap(only.initializer);
}

/** How often a name is used, its declaration aside. */
function usesOf({ file }: Source, name: string): number {
  let count = 0;
  walk(file, (node) => {
    if (ts.isIdentifier(node) && node.text === name) count += 1;
  });
  return count - 1;
}

function propertyOf(object: ts.ObjectLiteralExpression, name: string): ts.ObjectLiteralElementLike | undefined {
  return object.properties.find((property) => nameOf(property) === name);
}

function nameOf({ name }: ts.ObjectLiteralElementLike): string | undefined {
  if (name === undefined || ts.isComputedPropertyName(name)) return undefined;
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : undefined;
}

/** `X` or `ns.X`; `undefined` for anything else. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression))
    return `${node.expression.text}.${node.name.text}`;
  return undefined;
}
