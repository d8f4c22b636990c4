import { ts } from 'ts-morph';
import type { Source } from '../source.ts';
import { directoryOf, join, relative } from './paths.ts';
import type { Project } from './project.ts';

/** How relative imports end. */
export type ImportSuffix = '' | '.js' | '.ts';

const EXTENSION = /\.[cm]?[jt]sx?$/;

/** The relative import suffix that a file uses itself, if it has relative imports. */
export function suffixIn({ file }: Source): ImportSuffix | undefined {
  const counts = new Map<ImportSuffix, number>();
  for (const statement of file.statements) {
    if (
      !(ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) ||
      statement.moduleSpecifier === undefined
    )
      continue;
    const specifier = (statement.moduleSpecifier as ts.StringLiteral).text;
    if (!/^\.\.?(?:\/|$)/.test(specifier)) continue;
    const ending = EXTENSION.exec(specifier)?.[0] ?? '';
    if (ending !== '' && ending !== '.js' && ending !== '.ts') continue;
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

/** The module specifier by which a file imports another one, in the manner of its other imports. */
export function specifierFor(source: Source, target: string, project: Project): string {
  const suffix = suffixIn(source) ?? project.importSuffix;
  const bare = target.replace(EXTENSION, '');
  const path = relative(directoryOf(source.path), bare);
  const plain = path.startsWith('.') ? path : `./${path}`;
  if (plain.startsWith('../')) {
    const alias = aliasFor(source, bare, project);
    if (alias !== undefined) return alias;
  }
  return `${plain}${suffix}`;
}

/** The alias for a path, if the file imports others by it and none over `../`. */
function aliasFor(source: Source, bare: string, project: Project): string | undefined {
  const specifiers = source.file.statements
    .filter(ts.isImportDeclaration)
    .map((declaration) => (declaration.moduleSpecifier as ts.StringLiteral).text);
  if (specifiers.some((specifier) => specifier.startsWith('../'))) return undefined;
  for (const { prefix, suffix, directory } of project.aliases) {
    if (!bare.startsWith(directory)) continue;
    const users = specifiers.filter((specifier) => specifier.startsWith(prefix) && specifier.endsWith(suffix));
    if (users.length === 0) continue;
    const ending = suffix === '' ? (EXTENSION.exec(users[0] as string)?.[0] ?? '') : suffix;
    return `${prefix}${bare.slice(directory.length)}${ending}`;
  }
  return undefined;
}

/**
 * The file a specifier means, without extension; `undefined` for a package. A folder's index is given as the folder's
 * `index` only where the specifier says so.
 */
export function targetOf(specifier: string, fromPath: string, project: Project): string | undefined {
  if (/^\.\.?(?:\/|$)/.test(specifier)) return join(directoryOf(fromPath), specifier)?.replace(EXTENSION, '');
  for (const { prefix, suffix, directory } of project.aliases) {
    if (
      specifier.startsWith(prefix) &&
      specifier.endsWith(suffix) &&
      specifier.length >= prefix.length + suffix.length
    ) {
      const middle = specifier.slice(prefix.length, specifier.length - suffix.length);
      return `${directory}${middle}`.replace(EXTENSION, '');
    }
  }
  return undefined;
}
