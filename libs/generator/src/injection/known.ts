import { ts } from 'ts-morph';
import type { Export } from '../edit/imports.ts';
import type { Project } from '../project/project.ts';
import { targetOf } from '../project/specifiers.ts';
import type { Source } from '../source.ts';

/** Every name by which a file can mean an export, as a type or as a value. */
export function namesOf(source: Source, { name, local, from }: Export, project: Project): string[] {
  if ('file' in from && from.file === source.path) return [local ?? name];
  const names: string[] = [];
  for (const statement of source.file.statements) {
    if (!ts.isImportDeclaration(statement) || statement.importClause === undefined) continue;
    const specifier = (statement.moduleSpecifier as ts.StringLiteral).text;
    const isFrom =
      'specifier' in from
        ? specifier === from.specifier
        : targetOf(specifier, source.path, project) === from.file.replace(/\.[cm]?tsx?$/, '');
    if (!isFrom) continue;
    const { name: byDefault, namedBindings: bindings } = statement.importClause;
    if (name === 'default' && byDefault !== undefined) names.push(byDefault.text);
    if (bindings === undefined) continue;
    if (ts.isNamespaceImport(bindings)) names.push(`${bindings.name.text}.${name}`);
    else
      names.push(
        ...bindings.elements
          .filter((element) => (element.propertyName ?? element.name).text === name)
          .map((element) => element.name.text),
      );
  }
  return names;
}

/** The name a type or expression consists of; `undefined` for anything else. */
export function referenceOf(node: ts.Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isTypeReferenceNode(node)) return node.typeName.getText();
  return ts.isIdentifier(node) || ts.isPropertyAccessExpression(node) ? node.getText() : undefined;
}
