import { ts } from 'ts-morph';
import { type ClassPlace, classAt, classIn } from '../classes.ts';
import type { Draft } from '../edit/draft.ts';
import { type Export, ensureImport, localNameOf } from '../edit/imports.ts';
import { insertIntoList } from '../edit/lists.ts';
import { styleOf } from '../edit/style.ts';
import { isReferenceTo } from '../modules/declaration.ts';
import { stands } from '../modules/metadata.ts';
import { below } from '../project/paths.ts';
import type { Project } from '../project/project.ts';
import { type Source, unwrap, walk } from '../source.ts';
import { dependenciesOf } from './dependencies.ts';

/**
 * Completes every `Test.createTestingModule` of the package that lists the class and not its new dependency. A dependency
 * that needs nothing is provided as it is, any other as an empty stand-in. Modules with `useMocker` need nothing.
 *
 * @throws Refusal KRP6103 if such a test does not parse
 */
export function completeSpecs(draft: Draft, place: ClassPlace, dependency: Export, project: Project): void {
  for (const path of specsBelow(draft, project.directory)) {
    const text = draft.view.read(path) ?? '';
    if (!text.includes('createTestingModule') || !text.includes(place.name)) continue;
    draft.source(path, 'mend it first, or leave tests as they are with `--no-tests`');
    // Each edit moves what follows: the list is looked up again until nothing is missing.
    while (completeOne(draft, path, place, dependency, project));
  }
}

function completeOne(draft: Draft, path: string, place: ClassPlace, dependency: Export, project: Project): boolean {
  const source = draft.source(path);
  const owner = localNameOf(source, { name: place.name, from: { file: place.path } }, project);
  if (owner === undefined || incompleteIn(source, owner, dependency, project) === undefined) return false;
  const local = ensureImport(draft, path, dependency, project);
  const edited = draft.source(path);
  const metadata = incompleteIn(edited, owner, dependency, project);
  if (metadata === undefined) return false;
  const style = styleOf(edited, project.style);
  const element = standsAlone(draft, dependency) ? local : `{ provide: ${local}, useValue: {} }`;
  const providers = metadata.properties.find((property) => property.name?.getText(edited.file) === 'providers');
  const isList = providers !== undefined && ts.isPropertyAssignment(providers);
  const target = isList ? unwrap(providers.initializer) : metadata;
  const elements = ts.isArrayLiteralExpression(target) ? target.elements : metadata.properties;
  const list = {
    elements,
    open: target.getStart(edited.file) + 1,
    close: target.end - 1,
    padded: !isList,
    trailingComma: style.trailingComma,
  };
  draft.edit(path, insertIntoList(edited, list, isList ? element : `providers: [${element}]`, style));
  return true;
}

/** The metadata of the first testing module that lists the class and lacks the dependency. */
function incompleteIn(
  source: Source,
  owner: string,
  dependency: Export,
  project: Project,
): ts.ObjectLiteralExpression | undefined {
  const local = localNameOf(source, dependency, project);
  let found: ts.ObjectLiteralExpression | undefined;
  walk(source.file, (node) => {
    if (found !== undefined || !ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    if (node.expression.name.text !== 'createTestingModule') return;
    if (!isReferenceTo(source, node.expression.expression, 'Test', '@nestjs/testing') || isMocked(node)) return;
    const [argument] = node.arguments;
    const metadata = argument === undefined ? undefined : unwrap(argument);
    if (metadata === undefined || !ts.isObjectLiteralExpression(metadata)) return;
    const lists = new Map(
      metadata.properties
        .filter(ts.isPropertyAssignment)
        .map((property) => [property.name.getText(source.file), unwrap(property.initializer)]),
    );
    const elementsOf = (key: string): readonly ts.Expression[] => {
      const list = lists.get(key);
      return list !== undefined && ts.isArrayLiteralExpression(list) ? list.elements : [];
    };
    const isListed = [...elementsOf('providers'), ...elementsOf('controllers')].some((element) =>
      isClass(element, owner),
    );
    const providers = lists.get('providers');
    const isPlain =
      providers === undefined
        ? !metadata.properties.some(({ name }) => name?.getText(source.file) === 'providers')
        : ts.isArrayLiteralExpression(providers);
    const isProvided = local !== undefined && elementsOf('providers').some((element) => stands(element, local));
    if (isListed && isPlain && !isProvided) found = metadata;
  });
  return found;
}

/** The class itself, not something that stands for it. */
function isClass(element: ts.Expression, name: string): boolean {
  const expression = unwrap(element);
  return ts.isIdentifier(expression) && expression.text === name;
}

function isMocked(call: ts.CallExpression): boolean {
  for (
    let node: ts.Node = call.parent;
    ts.isPropertyAccessExpression(node) || ts.isCallExpression(node);
    node = node.parent
  ) {
    if (ts.isPropertyAccessExpression(node) && node.name.text === 'useMocker') return true;
  }
  return false;
}

/** Whether a class can be built without anything else. */
function standsAlone(draft: Draft, dependency: Export): boolean {
  if (!('file' in dependency.from)) return false;
  const place = { path: dependency.from.file, name: dependency.local ?? dependency.name };
  if (classIn(draft.source(place.path), place.name) === undefined) return false;
  const { source, node } = classAt(draft, place);
  const ownConstructor = node.members.find(ts.isConstructorDeclaration);
  const isAbstract = ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword) === true;
  return (
    !isAbstract &&
    node.heritageClauses?.some(({ token }) => token === ts.SyntaxKind.ExtendsKeyword) !== true &&
    (ownConstructor?.parameters.length ?? 0) === 0 &&
    dependenciesOf(source, node).length === 0
  );
}

function specsBelow(draft: Draft, directory: string): string[] {
  const found: string[] = [];
  const folders = [directory];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const { name, kind } of draft.view.list(folder)) {
      if (kind === 'directory') {
        if (!/^(?:node_modules|dist|build|coverage|\..*)$/.test(name)) folders.push(below(folder, name));
      } else if (kind === 'file' && /[.-](?:spec|test)\.[cm]?tsx?$/.test(name)) {
        found.push(below(folder, name));
      }
    }
  }
  return found.sort();
}
