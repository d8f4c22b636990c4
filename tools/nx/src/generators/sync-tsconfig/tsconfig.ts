import { posix } from 'node:path';
import type { Tree } from '@nx/devkit';
import { parseJsonc, readText, strings, type Table, table } from '../../manifests.ts';

/** A tsconfig file. Paths are relative to the Nx root, with `/`. */
export interface TsConfig {
  readonly path: string;
  readonly json: Table;
  /** Paths of `references` as they are written. */
  readonly references: readonly string[];
  /** `compilerOptions.composite`, from the file or what it extends. */
  readonly composite: boolean;
  /** Whether the file compiles anything itself: false for a mere list of references. */
  readonly hasFiles: boolean;
  /** `nx.sync.ignoredReferences`: references kept as they are. */
  readonly ignoredReferences: readonly string[];
  /** `nx.sync.ignoredDependencies`: projects that get no reference. */
  readonly ignoredDependencies: readonly string[];
}

/** Reads tsconfig files of a tree, each once. */
export type TsConfigs = (path: string) => TsConfig | undefined;

/**
 * A reader of tsconfig files; it follows `extends`, several and those of packages included, without the TypeScript
 * compiler: its version 7 has no API for this.
 *
 * @throws KrepisError KRP7012 with file, line and column
 */
export function tsConfigs(tree: Tree): TsConfigs {
  const files = new Map<string, Table | undefined>();
  const folders = new Map<string, ReadonlySet<string>>();
  /** One listing per folder costs less than a look for each name it may have. */
  const there = (path: string): boolean => {
    if (!path.endsWith('.json')) return false;
    const folder = posix.dirname(path);
    let names = folders.get(folder);
    if (!names) {
      names = new Set(tree.children(folder));
      folders.set(folder, names);
    }
    return names.has(posix.basename(path));
  };
  const json = (path: string): Table | undefined => {
    if (!files.has(path)) files.set(path, there(path) ? parseJsonc(path, readText(tree, path)) : undefined);
    return files.get(path);
  };
  /** The first value along the chain, the file itself first; of several bases the last one wins. */
  const inherited = (path: string, pick: (json: Table) => unknown, seen: readonly string[] = []): unknown => {
    const own = json(path);
    if (!own || seen.includes(path)) return undefined;
    const value = pick(own);
    if (value !== undefined) return value;
    const bases = (typeof own.extends === 'string' ? [own.extends] : strings(own.extends)).reverse();
    for (const base of bases) {
      const found = resolveBase(tree, path, base).find((candidate) => json(candidate));
      const value = found === undefined ? undefined : inherited(found, pick, [...seen, path]);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const read = (path: string): TsConfig | undefined => {
    const own = json(path);
    if (!own) return undefined;
    const list = (field: string) => inherited(path, (file) => file[field]);
    const [files, include] = [list('files'), list('include')];
    const sync = table(table(own.nx)?.sync);
    const references: readonly unknown[] = Array.isArray(own.references) ? own.references : [];
    return {
      path,
      json: own,
      references: references.flatMap((reference) => strings([table(reference)?.path])),
      composite: inherited(path, (file) => table(file.compilerOptions)?.composite) === true,
      hasFiles: (files === undefined && include === undefined) || strings(files).length + strings(include).length > 0,
      ignoredReferences: strings(sync?.ignoredReferences),
      ignoredDependencies: strings(sync?.ignoredDependencies),
    };
  };
  const configs = new Map<string, TsConfig | undefined>();
  return (path) => {
    if (!configs.has(path)) configs.set(path, read(path));
    return configs.get(path);
  };
}

/** Where `extends` may lead: a path, or a package in node_modules of this folder or one above. */
function resolveBase(tree: Tree, from: string, base: string): string[] {
  const folder = posix.dirname(from);
  const forms = (path: string) => [path, `${path}.json`, posix.join(path, 'tsconfig.json')];
  if (base.startsWith('.')) return forms(posix.join(folder, base));
  if (posix.isAbsolute(base)) return forms(posix.relative(tree.root, base));
  const found: string[] = [];
  for (let at = folder; ; at = posix.dirname(at)) {
    found.push(...forms(posix.join(at, 'node_modules', base)));
    if (at === '.') return found;
  }
}

/** The file a reference leads to: a folder means its tsconfig.json. */
export function referencedFile(from: string, reference: string): string {
  const path = posix.join(posix.dirname(from), reference).replace(/(.)\/$/, '$1');
  return path.endsWith('.json') ? path : posix.join(path, 'tsconfig.json');
}
