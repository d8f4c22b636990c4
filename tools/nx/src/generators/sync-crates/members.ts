import { posix } from 'node:path';
import picomatch from 'picomatch';
import { strings, type Table, table } from '../../sync/manifests.ts';

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
 * @param roots folders of all manifests that wildcards can meet
 */
export function membership(workspace: CargoManifest, roots: readonly string[], load: LoadManifest): Membership {
  const gone: string[] = [];
  const queue: string[] = table(workspace.toml.package) ? [workspace.root] : [];
  for (const entry of entries(workspace)) {
    const path = under(workspace.root, entry);
    if (isGlob(entry)) {
      const matches = picomatch(path, GLOB);
      queue.push(...roots.filter((root) => matches(root)));
    } else if (load(path)) {
      queue.push(path);
    } else {
      gone.push(entry);
    }
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

/** Cargo's wildcards (the crate `glob`): `*`, `?`, `[…]`, `**`; no braces, and hidden folders count. */
const GLOB = { dot: true, nobrace: true, noextglob: true, nonegate: true } as const;

/** Whether an entry of `members` is a pattern. */
export function isGlob(entry: string): boolean {
  return /[*?[]/.test(entry);
}

/** The entries of `workspace.members`. */
export function entries(workspace: CargoManifest): string[] {
  return strings(table(workspace.toml.workspace)?.members);
}

/** Cargo's rule: `exclude` holds folders, not patterns; an entry of `members` above the folder wins over it. */
function isExcluded(workspace: CargoManifest, root: string): boolean {
  const covers = (path: string) => path === root || isBelow(root, path);
  const excluded = strings(table(workspace.toml.workspace)?.exclude).some((path) =>
    covers(under(workspace.root, path)),
  );
  return excluded && !entries(workspace).some((path) => covers(under(workspace.root, path)));
}

const DEPENDENCIES = [
  'dependencies',
  'dev-dependencies',
  'build-dependencies',
  'dev_dependencies',
  'build_dependencies',
];

/** Folders of the path dependencies: normal, dev, build, of a target, and those inherited from the workspace. */
export function pathDependencies(manifest: CargoManifest, workspace: CargoManifest): string[] {
  const shared = table(table(workspace.toml.workspace)?.dependencies) ?? {};
  const scopes = [manifest.toml, ...Object.values(table(manifest.toml.target) ?? {}).map(table)];
  const found: string[] = [];
  for (const dependencies of scopes.flatMap((scope) => DEPENDENCIES.map((kind) => table(scope?.[kind])))) {
    for (const [key, value] of Object.entries(dependencies ?? {})) {
      const own = table(value);
      const inherited = own?.workspace === true;
      const path = (inherited ? table(shared[key]) : own)?.path;
      if (typeof path === 'string') found.push(under(inherited ? workspace.root : manifest.root, path));
    }
  }
  return found;
}

function under(root: string, path: string): string {
  return posix.join(root, path.replaceAll('\\', '/')).replace(/(.)\/$/, '$1');
}

function isBelow(path: string, folder: string): boolean {
  return folder === '.' ? path !== '.' && !path.startsWith('../') : path.startsWith(`${folder}/`);
}
