import { posix } from 'node:path';
import picomatch from 'picomatch';
import { strings, type Table, table } from '../manifests.ts';

/** A Cargo.toml that is read. Paths are relative to the Nx root, with `/`. */
export interface CargoManifest {
  /** Folder of the file; `.` for the Nx root. */
  readonly root: string;
  readonly toml: Table;
}

/** Finds a manifest by its folder; undefined where there is none. */
export type LoadManifest = (root: string) => CargoManifest | undefined;

/**
 * The workspace a package belongs to by Cargo's rule: its own table, else what `package.workspace` names, else the
 * nearest folder above with a `[workspace]` that does not exclude it.
 *
 * @returns the root's folder; undefined for a package that stands alone
 * @see https://doc.rust-lang.org/cargo/reference/workspaces.html#the-members-and-exclude-fields
 */
export function workspaceRootOf(manifest: CargoManifest, load: LoadManifest): string | undefined {
  if (table(manifest.toml.workspace)) return manifest.root;
  const pointer = table(manifest.toml.package)?.workspace;
  if (typeof pointer === 'string') {
    const root = posix.join(manifest.root, pointer).replace(/\/$/, '');
    return load(root) ? root : undefined;
  }
  for (let folder = manifest.root; folder !== '.'; ) {
    folder = posix.dirname(folder);
    const above = load(folder);
    if (above && table(above.toml.workspace) && !isExcluded(above, manifest.root)) return folder;
  }
  return undefined;
}

/** What the lists of a workspace and its path dependencies make its members. */
export interface Membership {
  /** Folders of the members. */
  readonly members: ReadonlySet<string>;
  /** Entries of `members` without a wildcard whose folder holds no Cargo.toml: Cargo refuses the workspace for them. */
  readonly gone: readonly string[];
}

/**
 * Members as Cargo finds them: the root's own package, `members` with their wildcards, and from there every path
 * dependency inside the workspace.
 *
 * @param matching folders that a pattern of `members`, joined to the workspace's folder, meets
 */
export function membership(
  workspace: CargoManifest,
  matching: (pattern: string) => Iterable<string>,
  load: LoadManifest,
): Membership {
  const gone: string[] = [];
  const queue: string[] = table(workspace.toml.package) ? [workspace.root] : [];
  for (const entry of entries(workspace)) {
    const path = under(workspace.root, entry);
    if (isGlob(entry)) queue.push(...matching(path));
    else if (load(path)) queue.push(path);
    else gone.push(entry);
  }
  const members = new Set<string>();
  for (let root = queue.pop(); root !== undefined; root = queue.pop()) {
    if (members.has(root) || isExcluded(workspace, root)) continue;
    const manifest = load(root);
    if (!manifest) continue;
    members.add(root);
    queue.push(...pathDependencies(manifest, workspace).filter((path) => isBelow(path, workspace.root)));
  }
  return { members, gone };
}

/** Finds what a pattern meets among folders that are known. */
export function among(folders: readonly string[]): (pattern: string) => string[] {
  return (pattern) => {
    const matches = picomatch(pattern, GLOB);
    return folders.filter((folder) => matches(folder));
  };
}

/** Cargo's wildcards (the crate `glob`): `*`, `?`, `[…]`, `**`; no braces, and hidden folders count. */
export const GLOB = { dot: true, nobrace: true, noextglob: true, nonegate: true } as const;

/** Whether an entry of `members` is a pattern. */
export function isGlob(entry: string): boolean {
  return /[*?[]/.test(entry);
}

/** The entries of `workspace.members`. */
export function entries(workspace: CargoManifest): string[] {
  return strings(table(workspace.toml.workspace)?.members);
}

/** Cargo's rule: `exclude` holds folders, not patterns; an entry of `members` above the folder wins over it. */
export function isExcluded(workspace: CargoManifest, root: string): boolean {
  const covers = (path: string) => path === root || isBelow(root, path);
  const excluded = strings(table(workspace.toml.workspace)?.exclude).some((path) =>
    covers(under(workspace.root, path)),
  );
  return excluded && !entries(workspace).some((path) => covers(under(workspace.root, path)));
}

/** One entry of a dependency table. */
export interface Requirement {
  /** Its name there, which differs from the package's where it is renamed. */
  readonly key: string;
  /** Keys of the entry in the manifest that {@link from} is. */
  readonly keys: readonly string[];
  /** `dev` if tests, examples and benches alone need it. */
  readonly kind: 'build' | 'dev';
  /** The entry; undefined where it is a version alone. With `workspace = true` that of the workspace. */
  readonly entry: Table | undefined;
  /** The manifest that holds the entry: its own, or the workspace's. */
  readonly from: 'manifest' | 'workspace';
}

/** Every dependency of a manifest, in every table: normal, dev, build, of a target, and those inherited from the workspace. */
export function requirements(manifest: CargoManifest, workspace: CargoManifest): Requirement[] {
  const shared = table(table(workspace.toml.workspace)?.dependencies) ?? {};
  return dependencyTables(manifest.toml).flatMap(({ keys, kind, entries: all }) =>
    Object.entries(all).map(([key, value]): Requirement => {
      const own = table(value);
      return own?.workspace === true
        ? { key, keys: ['workspace', 'dependencies', key], kind, entry: table(shared[key]), from: 'workspace' }
        : { key, keys: [...keys, key], kind, entry: own, from: 'manifest' };
    }),
  );
}

/** The dependency tables of a manifest itself, with their keys; those of the workspace and `[patch]` are not among them. */
export function dependencyTables(toml: Table): { keys: string[]; kind: 'build' | 'dev'; entries: Table }[] {
  const targets = Object.entries(table(toml.target) ?? {});
  const scopes = [
    { keys: [] as string[], value: toml },
    ...targets.map(([name, value]) => ({ keys: ['target', name], value: table(value) ?? {} })),
  ];
  return scopes.flatMap(({ keys, value }) =>
    DEPENDENCY_TABLES.flatMap(([name, kind]) => {
      const found = table(value[name]);
      return found ? [{ keys: [...keys, name], kind, entries: found }] : [];
    }),
  );
}

const DEPENDENCY_TABLES = [
  ['dependencies', 'build'],
  ['build-dependencies', 'build'],
  ['dev-dependencies', 'dev'],
  // Cargo still reads the names with `_` that it had before 1.0.
  ['build_dependencies', 'build'],
  ['dev_dependencies', 'dev'],
] as const;

/** The folder a requirement leads to by its path; undefined where it has none. */
export function pathOf(
  { entry, from }: Requirement,
  manifest: CargoManifest,
  workspace: CargoManifest,
): string | undefined {
  if (typeof entry?.path !== 'string') return undefined;
  return under(from === 'workspace' ? workspace.root : manifest.root, entry.path);
}

/** Folders of the path dependencies. */
export function pathDependencies(manifest: CargoManifest, workspace: CargoManifest): string[] {
  return requirements(manifest, workspace).flatMap((requirement) => pathOf(requirement, manifest, workspace) ?? []);
}

function under(root: string, path: string): string {
  return posix.join(root, path.replaceAll('\\', '/')).replace(/(.)\/$/, '$1');
}

/** Whether a path lies inside a folder. */
export function isBelow(path: string, folder: string): boolean {
  return folder === '.' ? path !== '.' && !path.startsWith('../') : path.startsWith(`${folder}/`);
}
