import { type ClassSite, refuse } from '@krepis/plugin';
import { ts } from 'ts-morph';
import type { Draft } from './edit/draft.ts';
import type { Export } from './edit/imports.ts';
import { errors } from './errors.ts';
import { isExported } from './modules/declaration.ts';
import { below } from './project/paths.ts';
import { findFirst, parse, requireSyntax, type Source, syntaxErrors } from './source.ts';

/** A class of the workspace. */
export interface ClassPlace {
  readonly path: string;
  readonly name: string;
}

/**
 * Finds the only class of a name, or the one in `file`.
 *
 * @param option what a user names another file with, for the message
 * @throws Refusal KRP6101 none, KRP6102 several, KRP6009 not in `file`, KRP6103 its file does not parse
 */
export async function findClass(draft: Draft, name: string, file?: string, option = '--file'): Promise<ClassPlace> {
  const sites = (await draft.view.findClasses(name)).filter(
    ({ path }) => !/\.d\.[cm]?ts$|(?:^|\/)node_modules\//.test(path),
  );
  const candidates = file === undefined ? sites : sites.filter(({ path }) => path === file);
  const [only] = candidates;
  if (only === undefined) return refuseMissing(draft, name, file, sites);
  if (candidates.length > 1) {
    const places = candidates.map(({ path, line }) => `${path}:${line}`).join(', ');
    refuse(errors.AMBIGUOUS_CLASS, {
      values: { name, count: candidates.length, places, option },
      at: { path: only.path, line: only.line, column: 1 },
      hint: candidates.every(({ path }) => path === only.path)
        ? 'give them different names; no option tells them apart'
        : undefined,
    });
  }
  const source = draft.source(only.path);
  if (classIn(source, name) === undefined) return refuseMissing(draft, name, file, []);
  return { path: only.path, name };
}

/** The class declaration of a name. */
export function classIn({ file }: Source, name: string): ts.ClassDeclaration | undefined {
  return findFirst(file, (node) => (ts.isClassDeclaration(node) && node.name?.text === name ? node : undefined));
}

/** The class at a place, as the draft has it now. */
export function classAt(
  draft: Draft,
  { path, name }: ClassPlace,
): { readonly source: Source; readonly node: ts.ClassDeclaration } {
  const source = draft.source(path);
  const node = classIn(source, name);
  if (node === undefined) throw new Error(`${path} no longer declares ${name}`);
  return { source, node };
}

/**
 * How a class is imported.
 *
 * @throws Refusal KRP6117 if it is not exported
 */
export function exportOf(draft: Draft, place: ClassPlace): Export {
  const { source, node } = classAt(draft, place);
  const from = { file: place.path };
  const modifiers = ts.getModifiers(node) ?? [];
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword))
    return { name: 'default', local: place.name, from };
  if (isExported(source, node, place.name)) return { name: place.name, from };
  const start = node.getStart(source.file);
  const { line, character } = source.file.getLineAndCharacterOfPosition(start);
  return refuse(errors.NOT_EXPORTED, {
    values: { name: place.name },
    at: { path: place.path, line: line + 1, column: character + 1 },
  });
}

function refuseMissing(draft: Draft, name: string, file: string | undefined, sites: readonly ClassSite[]): never {
  if (file !== undefined) {
    const broken = draft.peek(file);
    if (broken !== undefined) requireSyntax(broken);
    const places = sites.map(({ path, line }) => `${path}:${line}`).join(', ');
    refuse(errors.FILE_NOT_FOUND, {
      values: { file, name },
      at: { path: file },
      reason:
        broken === undefined ? 'there is no such file' : places === '' ? undefined : `it is declared in ${places}`,
    });
  }
  // A file that does not parse may be why nobody knows the class.
  requireSyntax(brokenFileWith(draft, name) ?? parse('none.ts', ''));
  return refuse(errors.UNKNOWN_CLASS, { values: { name } });
}

/** A file with a syntax error that seems to declare a class; only looked for where a command fails anyway. */
function brokenFileWith(draft: Draft, name: string): Source | undefined {
  const pattern = new RegExp(`\\bclass\\s+${name.replace(/\$/g, '\\$&')}(?![\\w$])`);
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const { name: entry, kind } of draft.view.list(folder)) {
      const path = below(folder, entry);
      if (kind === 'directory') {
        if (!/^(?:node_modules|dist|build|coverage|target|\..*)$/.test(entry)) folders.push(path);
      } else if (kind === 'file' && /\.[cm]?tsx?$/.test(entry) && pattern.test(draft.view.read(path) ?? '')) {
        const source = draft.peek(path);
        if (source !== undefined && syntaxErrors(source).length > 0) return source;
      }
    }
  }
  return undefined;
}
