import { posix } from 'node:path';
import {
  among,
  type CargoManifest,
  dependencyTables,
  isBelow,
  membership,
  pathDependencies,
  pathOf,
  requirements,
} from '../cargo/members.ts';
import { errors, KrepisError, type Place } from '../errors.ts';
import { inToml, parseToml, strings, type Table, table } from '../manifests.ts';
import { type CargoLock, type LockedPackage, parseLock } from './lockfile.ts';
import type { ManifestReader } from './reader.ts';

/** One crate that Cargo builds as a member of a workspace, or alone. Paths are relative to the Nx root, with `/`. */
export interface Crate {
  /** `package.name`. */
  readonly name: string;
  /** Folder of its Cargo.toml; `.` for the Nx root. The key of the crate: names may differ from Nx's. */
  readonly root: string;
  /** Folder of the Cargo workspace it belongs to (its own if it stands alone). */
  readonly workspaceRoot: string;
  /** Final artefacts of a plain `cargo build`, without extension or `lib` prefix. */
  readonly artifacts: readonly Artifact[];
  /** True where it makes a Node-API addon: a `cdylib` that depends on `napi`. */
  readonly addon: boolean;
  /** True with a `[[bench]]` or a file in `benches/`. */
  readonly benches: boolean;
  /** True with a version, unless `publish` is false or an empty list. */
  readonly publishable: boolean;
  /** `package.metadata.nx` of the manifest. */
  readonly settings: CrateSettings;
  /** The crates it depends on by path, or that stand in for a registry's crate by `[patch]`. */
  readonly dependencies: readonly CrateDependency[];
  /** The external packages it names itself, from Cargo.lock. */
  readonly externals: readonly CrateExternal[];
  /** Where it names an external package although its workspace has no Cargo.lock: its versions are unknown. */
  readonly unlocked?:
    | { readonly path: string; readonly line?: number | undefined; readonly package: string }
    | undefined;
}

/** A crate's own use of an external package. */
export interface CrateExternal {
  /** Its node, `cargo:NAME@VERSION`. */
  readonly node: string;
  /** `dev` if tests, examples and benches alone need it. */
  readonly kind: CrateDependency['kind'];
}

/** A binary, or a library that others than Cargo load. */
export interface Artifact {
  readonly kind: 'bin' | 'cdylib' | 'staticlib';
  readonly name: string;
}

/** `[package.metadata.nx]` of a Cargo.toml: what a crate says to this plugin. */
export interface CrateSettings {
  /** `test-args`: what `cargo test` needs beside the package's name, for example features. */
  readonly testArguments: readonly string[];
  /** `name` of the project, where the crate's own is taken. */
  readonly name?: string | undefined;
  /** `tags` of the project. */
  readonly tags: readonly string[];
  /** `runs`: folders of the TypeScript packages that its binaries start. */
  readonly runs: readonly string[];
  /** `inputs`: globs of files elsewhere that it compiles in, for example by `include_str!`. */
  readonly inputs: readonly string[];
  /** `test-inputs`: globs of files elsewhere that its tests read. */
  readonly testInputs: readonly string[];
  /** `parallelism`: true lets other tasks run beside one of its tasks. */
  readonly parallelism?: boolean | undefined;
}

/** An edge between two crates. */
export interface CrateDependency {
  /** Root of the other crate. */
  readonly root: string;
  /** `dev` if tests, examples and benches alone need it: such edges may form cycles. */
  readonly kind: 'build' | 'dev';
}

/** An external package of a Cargo.lock, as a node of the project graph. */
export interface CargoExternal {
  readonly node: string;
  readonly name: string;
  readonly version: string;
  readonly hash: string;
  /** Nodes of the packages it depends on itself. */
  readonly dependencies: readonly string[];
}

/** Everything the Cargo manifests and lock files say. */
export interface CargoGraph {
  readonly crates: readonly Crate[];
  readonly externals: readonly CargoExternal[];
}

interface Manifest extends CargoManifest {
  readonly path: string;
  readonly text: string;
}

/**
 * Reads all crates below an Nx root, without running Cargo.
 *
 * @param files every file Nx knows that the plugin asks for (see `MANIFESTS`), relative to the root
 * @returns crates sorted by root; manifests that no Cargo workspace lists and no crate depends on (fixtures) are left out, as Cargo leaves them out
 * @throws KrepisError KRP7010 with file, line and column for a manifest or lock file that does not parse; KRP7011, KRP7015, KRP7016
 */
export function readCrates(files: readonly string[], reader: ManifestReader): CargoGraph {
  return new CargoReader(files, reader).read();
}

class CargoReader {
  readonly #files: ReadonlySet<string>;
  readonly #reader: ManifestReader;
  readonly #roots: readonly string[];
  readonly #benches: readonly string[];
  readonly #binaries: readonly string[];
  readonly #manifests = new Map<string, Manifest>();
  #ownerOf: ReadonlyMap<string, string> | undefined;
  readonly #locks = new Map<string, CargoLock | undefined>();

  constructor(files: readonly string[], reader: ManifestReader) {
    this.#files = new Set(files);
    this.#reader = reader;
    this.#benches = files.filter((path) => path.includes('benches/'));
    this.#binaries = files.filter((path) => path.includes('src/bin/'));
    this.#roots = files
      .filter((path) => posix.basename(path) === 'Cargo.toml')
      .map((path) => posix.dirname(path))
      .sort();
  }

  read(): CargoGraph {
    const owners = this.#owners();
    const names = new Map<string, Map<string, string>>();
    for (const [root, workspaceRoot] of owners) {
      const name = this.#packageName(root);
      if (name === undefined) continue;
      const inWorkspace = names.get(workspaceRoot) ?? new Map<string, string>();
      const other = inWorkspace.get(name);
      if (other !== undefined) throw duplicate(name, join(other, 'Cargo.toml'), join(root, 'Cargo.toml'));
      names.set(workspaceRoot, inWorkspace.set(name, root));
    }
    const crates: Crate[] = [];
    const externals = new Map<string, CargoExternal>();
    for (const [root, workspaceRoot] of owners) {
      const name = this.#packageName(root);
      if (name === undefined) continue;
      const lock = this.#lock(workspaceRoot);
      if (lock) for (const external of externalsOf(lock)) externals.set(external.node, external);
      crates.push(this.#crate(name, root, workspaceRoot, lock, names.get(workspaceRoot) ?? new Map()));
    }
    return {
      crates: crates.sort((a, b) => (a.root < b.root ? -1 : 1)),
      externals: [...externals.values()],
    };
  }

  /** Root of every crate that is a project -> root of its Cargo workspace. */
  #owners(): ReadonlyMap<string, string> {
    this.#ownerOf ??= this.#findOwners();
    return this.#ownerOf;
  }

  #findOwners(): Map<string, string> {
    const workspaces = this.#roots.filter((root) => isWorkspaceText(this.#reader.read(join(root, 'Cargo.toml'))));
    const owners = new Map<string, string>();
    for (const workspace of workspaces) {
      for (const member of this.#members(this.#load(workspace))) owners.set(member, workspace);
    }
    for (const root of this.#roots) {
      // Cargo takes a package without a workspace above it for a workspace of its own.
      if (!owners.has(root) && !workspaces.some((workspace) => isBelow(root, workspace))) owners.set(root, root);
    }
    // One that a workspace excludes is a workspace of its own as well: where its lock file shows that somebody builds it.
    for (const workspace of workspaces) {
      for (const exclude of strings(table(this.#load(workspace).toml.workspace)?.exclude)) {
        const root = posix.join(workspace, exclude).replace(/\/$/, '');
        const built = this.#files.has(join(root, 'Cargo.toml')) && this.#files.has(join(root, 'Cargo.lock'));
        if (built && !owners.has(root)) owners.set(root, root);
      }
    }
    // And so is one that a crate of ours depends on.
    const queue = [...owners];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [root, workspaceRoot] = next;
      for (const path of pathDependencies(this.#load(root), this.#load(workspaceRoot))) {
        if (owners.has(path) || !this.#files.has(join(path, 'Cargo.toml'))) continue;
        owners.set(path, path);
        queue.push([path, path]);
      }
    }
    return new Map([...owners].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #members(workspace: Manifest): ReadonlySet<string> {
    const load = (root: string) => (this.#files.has(join(root, 'Cargo.toml')) ? this.#load(root) : undefined);
    const { members, gone } = membership(workspace, among(this.#roots), load);
    const [missing] = gone;
    if (missing === undefined) return members;
    throw new KrepisError({
      ...errors.UNKNOWN_CRATE,
      at: placeOf(workspace, missing, 'value'),
      reason: `the member \`${posix.join(workspace.root, missing).replace(/\/$/, '')}\` has no Cargo.toml`,
      // `nx sync` needs the graph first, and this is why there is none.
      hint: 'Add the crate, or take the entry out: `nx g @krepis/nx:sync-crates --skip-project-graph` does that.',
    });
  }

  #crate(
    name: string,
    root: string,
    workspaceRoot: string,
    lock: CargoLock | undefined,
    names: ReadonlyMap<string, string>,
  ): Crate {
    const manifest = this.#load(root);
    const workspace = this.#load(workspaceRoot);
    const declared = table(manifest.toml.package) ?? {};
    const artifacts = this.#artifacts(manifest, name);
    const dependencies = new Map<string, CrateDependency['kind']>();
    for (const requirement of requirements(manifest, workspace)) {
      const path = pathOf(requirement, manifest, workspace);
      if (path === undefined || path === root) continue;
      const { key, kind, from } = requirement;
      this.#demandCrate(path, key, from === 'workspace' ? workspace : manifest);
      if (dependencies.get(path) !== 'build') dependencies.set(path, kind);
    }
    const { externals, local } = lock ? locked(lock, name, declared.version) : { externals: [], local: [] };
    for (const other of local) {
      // A path behind `[patch]`, or a crate that an external package leads back to.
      const target = names.get(other);
      if (target !== undefined && target !== root && !dependencies.has(target)) dependencies.set(target, 'build');
    }
    const publish = inherited(declared.publish, table(workspace.toml.workspace), 'publish');
    return {
      name,
      root,
      workspaceRoot,
      artifacts,
      addon: artifacts.some(({ kind }) => kind === 'cdylib') && dependencyNames(manifest).has('napi'),
      benches: Array.isArray(manifest.toml.bench) || this.#benches.some((file) => isBenchOf(file, root)),
      publishable:
        declared.version !== undefined && publish !== false && !(Array.isArray(publish) && publish.length === 0),
      settings: settingsOf(manifest, table(table(declared.metadata)?.nx)),
      dependencies: [...dependencies].map(([path, kind]) => ({ root: path, kind })).sort(byRoot),
      externals: withKinds(externals, manifest, workspace),
      unlocked: lock ? undefined : firstExternal(manifest, workspace),
    };
  }

  #workspaceOf(root: string): Manifest {
    return this.#load(this.#owners().get(root) ?? root);
  }

  #packageName(root: string): string | undefined {
    const name = table(this.#load(root).toml.package)?.name;
    return typeof name === 'string' ? name : undefined;
  }

  /** Cargo's discovery: declared tables, then `src/main.rs`, `src/bin/*` and the crate types of the library. */
  #artifacts(manifest: Manifest, name: string): Artifact[] {
    const { toml, root } = manifest;
    const behindFeatures = new Set<string>();
    const binaries = new Set<string>();
    const enabled = defaultFeatures(table(toml.features) ?? {});
    for (const bin of Array.isArray(toml.bin) ? toml.bin.map(table) : []) {
      if (typeof bin?.name !== 'string') continue;
      // A binary behind features that are not on by default is not made by a plain `cargo build`.
      if (strings(bin['required-features']).some((feature) => !enabled.has(feature))) behindFeatures.add(bin.name);
      else binaries.add(bin.name);
    }
    // Edition 2015 has no discovery beside declared binaries, unless it is asked for.
    const declared = table(toml.package) ?? {};
    const edition = inherited(declared.edition, table(this.#workspaceOf(root).toml.workspace), 'edition') ?? '2015';
    const discovers = declared.autobins ?? (edition !== '2015' || !Array.isArray(toml.bin));
    if (discovers === true) {
      const declaredPaths = new Set(
        (Array.isArray(toml.bin) ? toml.bin.map(table) : []).map((bin) => posix.normalize(String(bin?.path ?? ''))),
      );
      const discovered = new Map<string, string>();
      if (this.#files.has(join(root, 'src/main.rs'))) discovered.set('src/main.rs', name);
      const folder = `${join(root, 'src/bin')}/`;
      for (const file of this.#binaries) {
        if (!file.startsWith(folder)) continue;
        const [, own] = /^([^/]+)(?:\.rs|\/main\.rs)$/.exec(file.slice(folder.length)) ?? [];
        if (own !== undefined) discovered.set(`src/bin/${file.slice(folder.length)}`, own);
      }
      for (const [path, own] of discovered) {
        if (!declaredPaths.has(path) && !behindFeatures.has(own)) binaries.add(own);
      }
    }
    const library = table(toml.lib);
    const types = strings(library?.['crate-type'] ?? library?.crate_type);
    const libraryName = typeof library?.name === 'string' ? library.name : name.replaceAll('-', '_');
    return [
      ...[...binaries].sort().map((own): Artifact => ({ kind: 'bin', name: own })),
      ...(['cdylib', 'staticlib'] as const)
        .filter((kind) => types.includes(kind))
        .map((kind): Artifact => ({ kind, name: libraryName })),
    ];
  }

  #demandCrate(path: string, key: string, manifest: Manifest): void {
    if (path.startsWith('../') || path === '..') {
      throw new KrepisError({
        ...errors.OUTSIDE_CRATE,
        at: placeOf(manifest, key),
        reason: `\`${key}\` points at ${path}, outside the Nx workspace`,
      });
    }
    if (!this.#reader.exists(join(path, 'Cargo.toml'))) {
      throw new KrepisError({
        ...errors.UNKNOWN_CRATE,
        at: placeOf(manifest, key),
        reason: `\`${key}\` points at ${path}, where there is no Cargo.toml`,
      });
    }
    if (!this.#files.has(join(path, 'Cargo.toml'))) {
      throw new KrepisError({
        ...errors.OUTSIDE_CRATE,
        at: placeOf(manifest, key),
        reason: `\`${key}\` points at ${path}, which git or .nxignore ignores`,
      });
    }
  }

  #lock(workspaceRoot: string): CargoLock | undefined {
    if (this.#locks.has(workspaceRoot)) return this.#locks.get(workspaceRoot);
    const path = join(workspaceRoot, 'Cargo.lock');
    // The first workspace of the repository has the plain names.
    const [first] = [...this.#owners().values()].sort();
    const owner = workspaceRoot === first ? '' : workspaceRoot;
    const lock = this.#reader.exists(path) ? inToml(path, () => parseLock(this.#reader.read(path), owner)) : undefined;
    this.#locks.set(workspaceRoot, lock);
    return lock;
  }

  #load(root: string): Manifest {
    const known = this.#manifests.get(root);
    if (known) return known;
    const path = join(root, 'Cargo.toml');
    const text = this.#reader.read(path);
    const manifest = { path, root, text, toml: parseToml(path, text) };
    this.#manifests.set(root, manifest);
    return manifest;
  }
}

/** Two projects of one name: Nx names tasks by project, so neither could be meant. */
export function duplicate(name: string, first: string, second: string): KrepisError {
  return new KrepisError({
    ...errors.DUPLICATE_PROJECT,
    at: { path: second },
    reason: `\`${name}\` is also the name in ${first}`,
  });
}

/** Features that a plain build has on: `default` and what it leads to within the crate. */
function defaultFeatures(features: Table): Set<string> {
  const found = new Set<string>();
  const queue = ['default'];
  for (let feature = queue.pop(); feature !== undefined; feature = queue.pop()) {
    if (found.has(feature)) continue;
    found.add(feature);
    queue.push(...strings(features[feature]));
  }
  return found;
}

/** Whether the text has a `[workspace]` table; by text, so that a broken fixture nobody builds is not an error. */
function isWorkspaceText(text: string): boolean {
  return /^\s*\[\s*workspace\s*[\].]/m.test(text) || /^\s*workspace\s*=\s*\{/m.test(text);
}

function isBenchOf(file: string, root: string): boolean {
  const folder = `${join(root, 'benches')}/`;
  return file.startsWith(folder) && /^(?:[^/]+\.rs|[^/]+\/main\.rs)$/.test(file.slice(folder.length));
}

/** Names of the packages a manifest depends on at run time, renamed ones by their own name. */
function dependencyNames({ toml }: Manifest): Set<string> {
  const atRunTime = dependencyTables(toml).filter(({ keys }) => keys.at(-1) === 'dependencies');
  return new Set(
    atRunTime.flatMap(({ entries }) =>
      Object.entries(entries).map(([key, value]) => String(table(value)?.package ?? key)),
    ),
  );
}

/** What the lock says of one crate: its own external packages, and local crates that only external ones lead to. */
function locked(lock: CargoLock, name: string, version: unknown): { externals: LockedPackage[]; local: string[] } {
  const { packages } = lock;
  const candidates = packages.filter((entry) => entry.name === name && entry.node === undefined);
  const own = candidates.find((entry) => entry.version === version) ?? candidates[0];
  const local = new Set<string>();
  const seen = new Set<number>();
  const queue = [...(own?.dependencies ?? [])];
  const externals = queue.flatMap((index) => packages[index] ?? []).filter(({ node }) => node !== undefined);
  for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
    if (seen.has(index)) continue;
    seen.add(index);
    const entry = packages[index];
    if (entry === undefined) continue;
    if (entry.node === undefined) local.add(entry.name);
    else queue.push(...entry.dependencies);
  }
  return { externals, local: [...local] };
}

/** The first dependency that comes from a registry or git, and its place. */
function firstExternal(manifest: Manifest, workspace: Manifest): Crate['unlocked'] {
  for (const { key, entry } of requirements(manifest, workspace)) {
    if (entry?.path === undefined) return { ...placeOf(manifest, key), package: key };
  }
  return undefined;
}

/** Cargo.lock does not say which dependencies are for tests; the manifest does. */
function withKinds(externals: readonly LockedPackage[], manifest: Manifest, workspace: Manifest): CrateExternal[] {
  const kinds = new Map<string, CrateDependency['kind']>();
  for (const { key, kind, entry } of requirements(manifest, workspace)) {
    const name = typeof entry?.package === 'string' ? entry.package : key;
    if (kinds.get(name) !== 'build') kinds.set(name, kind);
  }
  return externals
    .flatMap(({ node, name }): CrateExternal[] =>
      node === undefined ? [] : [{ node, kind: kinds.get(name) ?? 'build' }],
    )
    .sort((a, b) => (a.node < b.node ? -1 : 1));
}

function externalsOf({ packages }: CargoLock): CargoExternal[] {
  return packages.flatMap(({ node, name, version, hash, dependencies }) => {
    if (node === undefined) return [];
    return [{ node, name, version, hash, dependencies: dependencies.flatMap((index) => packages[index]?.node ?? []) }];
  });
}

function settingsOf(manifest: Manifest, nx: Table | undefined): CrateSettings {
  const under = (path: string) => posix.join(manifest.root, path).replace(/\/$/, '');
  return {
    testArguments: strings(nx?.['test-args']),
    name: typeof nx?.name === 'string' ? nx.name : undefined,
    tags: strings(nx?.tags),
    runs: strings(nx?.runs).map(under),
    inputs: strings(nx?.inputs).map(under),
    testInputs: strings(nx?.['test-inputs']).map(under),
    parallelism: typeof nx?.parallelism === 'boolean' ? nx.parallelism : undefined,
  };
}

/** A value of `[package]`, taken from `[workspace.package]` where it says `workspace = true`. */
function inherited(value: unknown, workspace: Table | undefined, key: string): unknown {
  return table(value)?.workspace === true ? table(workspace?.package)?.[key] : value;
}

function placeOf(manifest: Manifest, text: string, what: 'key' | 'value' = 'key'): Place {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern =
    what === 'key'
      ? new RegExp(`^\\s*(?:\\[.*\\.)?["']?${escaped}["']?\\s*(?:[.=\\]])`)
      : new RegExp(`["']${escaped}/?["']`);
  const index = manifest.text.split('\n').findIndex((line) => pattern.test(line));
  return { path: manifest.path, line: index < 0 ? undefined : index + 1 };
}

function byRoot(a: { readonly root: string }, b: { readonly root: string }): number {
  return a.root < b.root ? -1 : 1;
}

function join(root: string, path: string): string {
  return root === '.' ? path : `${root}/${path}`;
}
