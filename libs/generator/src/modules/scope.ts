import { ts } from 'ts-morph';
import type { Draft } from '../edit/draft.ts';
import { type Export, localNameOf } from '../edit/imports.ts';
import { directoryOf, upwards } from '../project/paths.ts';
import { type Project, packageDirectory, projectAt } from '../project/project.ts';
import { targetOf } from '../project/specifiers.ts';
import { type Source, unwrap } from '../source.ts';
import { importedAs, modulesIn } from './declaration.ts';
import { declarationAt, listOf, type ModuleSite, stands } from './metadata.ts';
import { type FoundModule, modulesInFolder } from './nearest.ts';

/** Whether a module sees a provider; `unknown` where its lists are not plain. */
export type Scope = 'visible' | 'hidden' | 'unknown';

/** Whether a class that a module provides can inject `wanted`: provided there, exported by an import, or global. */
export function scopeIn(draft: Draft, site: ModuleSite, wanted: Export): Scope {
  const search = new Search(draft, wanted);
  return best([search.provides(site), search.importsIt(site), search.isGlobal()]);
}

/** Modules above a file that list one of its exports. */
export function ownersOf(draft: Draft, path: string, name: string): FoundModule[] {
  const top = packageDirectory(draft.view, path);
  const folders = upwards(directoryOf(path)).filter(
    (folder) => top === '' || folder === top || folder.startsWith(`${top}/`),
  );
  const wanted = { name, from: { file: path } };
  return folders
    .flatMap((folder) => modulesInFolder(draft, folder, { path: '', dialect: undefined }))
    .filter((module) => {
      const { source, project } = new Search(draft, wanted).at(module);
      const local = localNameOf(source, wanted, project);
      if (local === undefined) return false;
      const declaration = declarationAt(source, module);
      return (['providers', 'controllers'] as const).some((key) =>
        listOf(source, declaration, key).elements.some((node) => stands(node, local)),
      );
    });
}

class Search {
  readonly #draft: Draft;
  readonly #wanted: Export;
  readonly #projects = new Map<string, Project>();
  readonly #seen = new Set<string>();

  constructor(draft: Draft, wanted: Export) {
    this.#draft = draft;
    this.#wanted = wanted;
  }

  at(site: ModuleSite): { readonly source: Source; readonly project: Project } {
    const folder = directoryOf(site.path);
    const project = this.#projects.get(folder) ?? projectAt(this.#draft.view, folder);
    this.#projects.set(folder, project);
    return { source: this.#draft.source(site.path), project };
  }

  provides(site: ModuleSite): Scope {
    return this.#lists(site, 'providers');
  }

  importsIt(site: ModuleSite): Scope {
    const { found, known } = this.#modulesIn(site, 'imports');
    return best([...found.map((module) => this.#exports(module)), known ? 'hidden' : 'unknown']);
  }

  isGlobal(): Scope {
    if (!('file' in this.#wanted.from)) return 'unknown';
    const owners = ownersOf(this.#draft, this.#wanted.from.file, this.#wanted.name);
    return best(
      owners
        .filter((owner) => declarationAt(this.at(owner).source, owner).isGlobal)
        .map((owner) => this.#lists(owner, 'exports')),
    );
  }

  /** Whether importers of a module see the provider. */
  #exports(site: ModuleSite): Scope {
    const key = `${site.path}#${site.name}`;
    if (this.#seen.has(key)) return 'hidden';
    this.#seen.add(key);
    const { found } = this.#modulesIn(site, 'exports');
    return best([this.#lists(site, 'exports'), ...found.map((module) => this.#exports(module))]);
  }

  #lists(site: ModuleSite, key: 'providers' | 'exports'): Scope {
    const { source, project } = this.at(site);
    const list = listOf(source, declarationAt(source, site), key);
    const local = localNameOf(source, this.#wanted, project);
    if (local !== undefined && list.elements.some((node) => stands(node, local))) return 'visible';
    if (list.kind === 'fixed') return 'unknown';
    return 'complete' in list && !list.complete ? 'unknown' : 'hidden';
  }

  /** The workspace's modules in a list; `known` is false if it may hold others. */
  #modulesIn(site: ModuleSite, key: 'imports' | 'exports'): { readonly found: ModuleSite[]; readonly known: boolean } {
    const { source, project } = this.at(site);
    const list = listOf(source, declarationAt(source, site), key);
    let known = list.kind !== 'fixed' && !('complete' in list && !list.complete);
    const found = list.elements.flatMap((element) => {
      const name = referenceIn(element);
      if (name === undefined) {
        known = false;
        return [];
      }
      const target = this.#resolve(source, project, name);
      if (target === undefined) return [];
      // What a dynamic module exports is decided when it is called.
      if (target === 'unknown' || (target !== undefined && isDynamic(element))) known = false;
      return target === 'unknown' ? [] : [target];
    });
    return { found, known };
  }

  /** The module a name stands for; `undefined` for what comes from a package, which has no class of the workspace. */
  #resolve(source: Source, project: Project, name: string): ModuleSite | 'unknown' | undefined {
    if (modulesIn(source).some((module) => module.name === name)) return { path: source.path, name };
    const binding = importedAs(source, name);
    if (binding === undefined) return 'unknown';
    const bare = targetOf(binding.specifier, source.path, project);
    if (bare === undefined) return undefined;
    for (const path of [`${bare}.ts`, `${bare}.tsx`, `${bare}.mts`]) {
      const file = this.#draft.peek(path);
      if (file === undefined) continue;
      return modulesIn(file).some((module) => module.name === binding.name) ? { path, name: binding.name } : 'unknown';
    }
    return 'unknown';
  }
}

/** The identifier an element of `imports` or `exports` is, also inside `forwardRef(() => X)`; of `X.forRoot()` it is X. */
function referenceIn(node: ts.Expression): string | undefined {
  const expression = unwrap(node);
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isCallExpression(expression)) {
    const [arrow] = expression.arguments;
    const isForward = ts.isIdentifier(expression.expression) && expression.expression.text === 'forwardRef';
    if (isForward && arrow !== undefined && ts.isArrowFunction(arrow) && ts.isIdentifier(arrow.body))
      return arrow.body.text;
    // A dynamic module of a package has nothing of the workspace either.
    const callee = expression.expression;
    return ts.isPropertyAccessExpression(callee) && ts.isIdentifier(callee.expression)
      ? callee.expression.text
      : undefined;
  }
  return undefined;
}

function isDynamic(node: ts.Expression): boolean {
  const expression = unwrap(node);
  return ts.isCallExpression(expression) && ts.isPropertyAccessExpression(expression.expression);
}

/** Visible beats unknown beats hidden. */
function best(scopes: readonly Scope[]): Scope {
  if (scopes.includes('visible')) return 'visible';
  return scopes.includes('unknown') ? 'unknown' : 'hidden';
}
