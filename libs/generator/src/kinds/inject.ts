import { refuse } from '@krepis/plugin';
import { ts } from 'ts-morph';
import { type ClassPlace, classAt, exportOf, findClass } from '../classes.ts';
import type { Draft } from '../edit/draft.ts';
import type { Export } from '../edit/imports.ts';
import { errors } from '../errors.ts';
import { requireNoCycle } from '../injection/cycle.ts';
import { injectField } from '../injection/field.ts';
import { injectParameter } from '../injection/parameter.ts';
import { completeSpecs } from '../injection/specs.ts';
import { importedAs, isExported } from '../modules/declaration.ts';
import { ownersOf, scopeIn } from '../modules/scope.ts';
import { isIdentifier } from '../names.ts';
import type { Options } from '../options.ts';
import { directoryOf } from '../project/paths.ts';
import { type Dialect, projectAt, requireDialect } from '../project/project.ts';
import { targetOf } from '../project/specifiers.ts';
import { placeOf, type Source } from '../source.ts';
import { originOf } from './decorator.ts';

/**
 * `inject CLASS DEPENDENCY`: a field `readonly #x = inject(X)` (Krepis) or a constructor parameter (NestJS), its import, and in
 * NestJS the testing modules that list the class. Refuses what would not resolve: hidden by modules, or a circle.
 */
export async function inject(draft: Draft, options: Options): Promise<string> {
  const [className, dependencyName] = options.args as [string, string];
  for (const name of [className, dependencyName]) {
    if (!isIdentifier(name)) refuse(errors.BAD_NAME, { values: { name, what: 'class' } });
  }
  const place = await findClass(draft, className, options.file);
  const project = projectAt(draft.view, directoryOf(place.path));
  const dialect = requireDialect(dialectOf(draft.source(place.path)) ?? project.dialect, directoryOf(place.path));
  const dependency = await dependencyOf(draft, place, dependencyName, dialect, options);
  const title = `inject ${dependencyName} into ${className}`;

  const change = dialect === 'krepis' ? injectField : injectParameter;
  const isNew = change(draft, place, dependency, project);
  if (isNew) {
    requireNoCycle(draft, place, dependency);
    requireScope(draft, place, dependency);
  }
  if (dialect === 'nest' && options.tests) completeSpecs(draft, place, dependency, project);
  return title;
}

/** The framework a file is written for, if it shows. */
function dialectOf({ file }: Source): Dialect | undefined {
  const specifiers = file.statements
    .filter(ts.isImportDeclaration)
    .map(({ moduleSpecifier }) => (moduleSpecifier as ts.StringLiteral).text);
  if (specifiers.some((specifier) => specifier.startsWith('@nestjs/'))) return 'nest';
  return specifiers.some((specifier) => specifier.startsWith('@krepis/core')) ? 'krepis' : undefined;
}

/** Where the dependency comes from: `--from`, an import the file has, or the only class of that name. */
async function dependencyOf(
  draft: Draft,
  place: ClassPlace,
  name: string,
  dialect: Dialect,
  options: Options,
): Promise<Export> {
  const source = draft.source(place.path);
  if (options.from !== undefined) {
    const from = originOf(draft, options.from, place.path);
    return 'file' in from ? exportIn(draft, from.file, name, dialect) : { name, from };
  }
  const binding = importedAs(source, name);
  if (binding !== undefined && binding.name !== '*') {
    const bare = targetOf(binding.specifier, place.path, projectAt(draft.view, directoryOf(place.path)));
    if (bare === undefined) return { name: binding.name, local: name, from: { specifier: binding.specifier } };
    const file = [`${bare}.ts`, `${bare}.tsx`].find((path) => draft.view.readBytes(path) !== undefined);
    if (file !== undefined && declares(draft.source(file), binding.name))
      return exportIn(draft, file, binding.name, dialect);
  }
  return exportOf(draft, await findClass(draft, name, undefined, '--from'));
}

/** @throws Refusal KRP6009, KRP6117, KRP6120 */
function exportIn(draft: Draft, file: string, name: string, dialect: Dialect): Export {
  const source = draft.source(file);
  const statement = source.file.statements.find((candidate) => declaredNames(candidate).includes(name));
  if (statement === undefined) return refuse(errors.FILE_NOT_FOUND, { values: { file, name }, at: { path: file } });
  if (ts.isClassDeclaration(statement)) return exportOf(draft, { path: file, name });
  const isValue = ts.isVariableStatement(statement);
  if (dialect === 'nest' || !isValue) refuse(errors.NOT_A_CLASS, { values: { name }, at: placeOf(source, statement) });
  if (!isExported(source, statement, name))
    refuse(errors.NOT_EXPORTED, { values: { name }, at: placeOf(source, statement) });
  return { name, from: { file } };
}

function declares({ file }: Source, name: string): boolean {
  return file.statements.some((statement) => declaredNames(statement).includes(name));
}

function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
  }
  const { name } = statement as { name?: ts.Node };
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

/** @throws Refusal KRP6115 if a module that has the class does not see the dependency */
function requireScope(draft: Draft, place: ClassPlace, dependency: Export): void {
  if (!('file' in dependency.from)) return;
  for (const owner of ownersOf(draft, place.path, place.name)) {
    if (scopeIn(draft, owner, dependency) !== 'hidden') continue;
    const name = dependency.local ?? dependency.name;
    const { source, node } = classAt(draft, place);
    const [home] = ownersOf(draft, dependency.from.file, name);
    refuse(errors.NOT_IN_SCOPE, {
      values: { class: place.name, dependency: name, module: owner.name },
      at: placeOf(source, node),
      reason:
        home === undefined
          ? `no module near ${dependency.from.file} provides ${name}`
          : home.path === owner.path && home.name === owner.name
            ? undefined
            : `${home.name} (${home.path}) provides it; ${owner.name} (${owner.path}) does not import it from there, or it is not exported`,
    });
  }
}
