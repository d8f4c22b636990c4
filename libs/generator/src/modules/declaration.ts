import { ts } from 'ts-morph';
import type { Dialect } from '../project/project.ts';
import { type Source, unwrap, walk } from '../source.ts';

/** A module as a file declares it. */
export interface ModuleDeclaration {
  /** Name of the constant or class. */
  readonly name: string;
  readonly dialect: Dialect;
  readonly exported: boolean;
  /** `defineModule(…)` or the `Module(…)` of the decorator. */
  readonly call: ts.CallExpression;
  /** Whether it carries `@Global()`. */
  readonly isGlobal: boolean;
}

/** The modules a file declares: `const x = defineModule(…)`, `@Module(…) class X`; names are resolved through imports. */
export function modulesIn(source: Source): ModuleDeclaration[] {
  const found: ModuleDeclaration[] = [];
  for (const statement of source.file.statements) {
    if (ts.isVariableStatement(statement)) {
      for (const { name, initializer } of statement.declarationList.declarations) {
        if (initializer === undefined || !ts.isIdentifier(name)) continue;
        const call = unwrap(initializer);
        if (!ts.isCallExpression(call) || !isCallOf(source, call, 'defineModule', '@krepis/core')) continue;
        const exported = isExported(source, statement, name.text);
        found.push({ name: name.text, dialect: 'krepis', exported, call, isGlobal: false });
      }
    } else if (ts.isClassDeclaration(statement) && statement.name !== undefined) {
      const calls = decoratorCalls(statement);
      const call = calls.find((candidate) => isCallOf(source, candidate, 'Module', '@nestjs/common'));
      if (call === undefined) continue;
      const isGlobal = calls.some((candidate) => isCallOf(source, candidate, 'Global', '@nestjs/common'));
      const exported = isExported(source, statement, statement.name.text);
      found.push({ name: statement.name.text, dialect: 'nest', exported, call, isGlobal });
    }
  }
  return found;
}

/** The calls among a class's or member's decorators. */
export function decoratorCalls(node: ts.HasDecorators): ts.CallExpression[] {
  return (ts.getDecorators(node) ?? []).map(({ expression }) => expression).filter(ts.isCallExpression);
}

/** Whether a call is of an export of a package, under whatever name it was imported. */
export function isCallOf(source: Source, call: ts.CallExpression, name: string, from: string): boolean {
  return isReferenceTo(source, call.expression, name, from);
}

/** Whether an expression names an export of a package. */
export function isReferenceTo(source: Source, expression: ts.Expression, name: string, from: string): boolean {
  if (ts.isIdentifier(expression)) {
    const binding = importedAs(source, expression.text);
    return binding?.name === name && binding.specifier === from;
  }
  if (!ts.isPropertyAccessExpression(expression) || expression.name.text !== name) return false;
  if (!ts.isIdentifier(expression.expression)) return false;
  const binding = importedAs(source, expression.expression.text);
  return binding?.name === '*' && binding.specifier === from;
}

/** Where a local name comes from: the export's name (`default`, `*` for a namespace) and the specifier. */
export function importedAs(
  { file }: Source,
  local: string,
): { readonly name: string; readonly specifier: string } | undefined {
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const { importClause: clause } = statement;
    const specifier = (statement.moduleSpecifier as ts.StringLiteral).text;
    if (clause?.name?.text === local) return { name: 'default', specifier };
    const bindings = clause?.namedBindings;
    if (bindings === undefined) continue;
    if (ts.isNamespaceImport(bindings)) {
      if (bindings.name.text === local) return { name: '*', specifier };
      continue;
    }
    const element = bindings.elements.find(({ name }) => name.text === local);
    if (element !== undefined) return { name: (element.propertyName ?? element.name).text, specifier };
  }
  return undefined;
}

/** Whether a top-level declaration can be imported by its name. */
export function isExported({ file }: Source, statement: ts.Statement, name: string): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) {
    return !modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);
  }
  let listed = false;
  walk(file, (node) => {
    if (!ts.isExportSpecifier(node) || node.propertyName !== undefined || node.name.text !== name) return;
    if (node.parent.parent.moduleSpecifier === undefined) listed = true;
  });
  return listed;
}
