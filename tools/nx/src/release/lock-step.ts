import { basename, posix } from 'node:path';
import type { Tree } from '@nx/devkit';
import picomatch from 'picomatch';
import { errors, KrepisError } from '../errors.ts';
import {
  type CrateChange,
  cargoWorkspace,
  carryCargoLock,
  carryRequirements,
  crateVersion,
  members,
  requirement,
  setCrateVersion,
} from './crates.ts';
import { at, Files } from './files.ts';
import {
  asksFor,
  carryBunLock,
  carryCatalogs,
  carryPackageLock,
  carryPnpmLock,
  carrySpecifiers,
  carryYarnLock,
  isLinked,
  PACKAGE_LOCKS,
  type PackageChange,
  type PackageChanges,
  packageVersion,
  platformFolders,
  type SpecifierChange,
  setPackageVersion,
  specifier,
} from './packages.ts';

/** How the references in one folder's manifests are carried over. */
export interface References {
  /** Nx's `versionPrefix`. */
  readonly prefix: string;
  /** Nx's `preserveLocalDependencyProtocols`: `workspace:` and `file:` stay. */
  readonly protocols: boolean;
}

/** How one project asks for another. */
export interface Reference {
  readonly range: string;
  readonly collection: string;
}

/** A version as it stands in a manifest of a project. */
export interface ManifestVersion {
  readonly path: string;
  readonly version: string;
}

/**
 * The versions of one release: manifests first, then everything in the workspace that repeats them.
 *
 * Nx asks project by project; what one project's version has to do with other files is known here.
 */
export class LockStep {
  readonly #files: Files;
  readonly #crates = new Map<string, CrateChange>();
  /** By root: a package may be written in its sources and in its build output. */
  readonly #packages = new Map<string, PackageChange>();
  readonly #notes: string[] = [];
  readonly #found = new Map<string, readonly string[]>();
  #settled = true;

  constructor(tree: Tree) {
    this.#files = new Files(tree);
  }

  static readonly #trees = new WeakMap<Tree, LockStep>();

  /** The one of this tree: Nx makes a tree per release. */
  static over(tree: Tree): LockStep {
    const known = LockStep.#trees.get(tree);
    if (known) return known;
    const made = new LockStep(tree);
    LockStep.#trees.set(tree, made);
    return made;
  }

  /** Paths of all files edited so far. */
  get changed(): ReadonlySet<string> {
    return this.#files.changed;
  }

  /** The versions the manifests in a folder have; per-platform packages of an addon included. */
  versions(root: string): ManifestVersion[] {
    const found: ManifestVersion[] = [];
    if (this.#files.exists(at(root, 'Cargo.toml'))) {
      const place = crateVersion(this.#files, root);
      if (place) found.push({ path: place.path, version: place.version });
    }
    if (this.#files.exists(at(root, 'package.json'))) {
      for (const folder of [root, ...platformFolders(this.#files, root)]) {
        const place = packageVersion(this.#files, folder);
        if (place) found.push({ path: place.path, version: place.version });
      }
    }
    return found;
  }

  /** True if the folder has a Cargo.toml or a package.json. */
  hasManifest(root: string): boolean {
    return ['Cargo.toml', 'package.json'].some((file) => this.#files.exists(at(root, file)));
  }

  /**
   * Writes the version into the manifests of a folder.
   *
   * @returns paths of the manifests that hold it now
   */
  setVersion(root: string, version: string): string[] {
    const crates = this.#files.exists(at(root, 'Cargo.toml')) ? setCrateVersion(this.#files, root, version) : [];
    const packages = this.#files.exists(at(root, 'package.json'))
      ? [root, ...platformFolders(this.#files, root)].flatMap((folder) =>
          setPackageVersion(this.#files, folder, version),
        )
      : [];
    for (const change of crates) this.#crates.set(change.root, merged(this.#crates.get(change.root), change));
    for (const change of packages) this.#packages.set(change.root, merged(this.#packages.get(change.root), change));
    if (crates.length + packages.length > 0) this.#settled = false;
    return [...new Set(this.versions(root).map(({ path }) => path))];
  }

  /**
   * Carries the new versions to all that repeats them: dependency tables of every manifest, lock files.
   *
   * Does nothing if no version changed since the last time.
   *
   * @param roots folders of all projects
   * @param referencesOf how a folder's references are carried
   * @param followers folders outside the workspace whose manifests name released packages, and follow
   * @returns lines for the person who releases
   */
  settle(
    roots: readonly string[],
    referencesOf: (root: string) => References,
    followers: readonly string[] = [],
  ): string[] {
    if (this.#settled) return [];
    this.#settled = true;
    this.#settleCrates([...roots, ...followers], referencesOf);
    this.#settlePackages(roots, followers, referencesOf);
    return this.#notes.splice(0);
  }

  /** The name a registry knows the project at `root` by: the crate's if it has one, else the package's. */
  registryName(root: string): { readonly kind: 'cargo' | 'npm'; readonly name: string } | undefined {
    const crate = this.#files.exists(at(root, 'Cargo.toml')) ? crateVersion(this.#files, root) : undefined;
    if (crate) return { kind: 'cargo', name: crate.name };
    const npmPackage = this.#files.exists(at(root, 'package.json')) ? packageVersion(this.#files, root) : undefined;
    return npmPackage && { kind: 'npm', name: npmPackage.name };
  }

  /** How the manifests at `root` ask for the project at `target`. */
  reference(root: string, target: string): Reference | undefined {
    const crate = this.#files.exists(at(root, 'Cargo.toml')) ? requirement(this.#files, root, target) : undefined;
    if (crate) return crate;
    const both = [root, target].every((folder) => this.#files.exists(at(folder, 'package.json')));
    return both ? specifier(this.#files, root, target) : undefined;
  }

  /** Folders, below the root, of the manifests that match patterns. */
  find(patterns: readonly string[]): string[] {
    return patterns.flatMap((pattern) => {
      const known = this.#found.get(pattern);
      if (known) return known;
      const { base } = picomatch.scan(pattern);
      const matches = picomatch(pattern);
      const found = [...this.#manifestsBelow(base === '' ? '.' : base)].filter((path) => matches(path));
      if (found.length === 0) {
        throw new KrepisError({
          ...errors.RELEASE_OPTION,
          at: { path: 'nx.json' },
          reason: `no Cargo.toml or package.json matches "${pattern}"`,
        });
      }
      const folders = found.map((path) => posix.dirname(path));
      this.#found.set(pattern, folders);
      return folders;
    });
  }

  *#manifestsBelow(folder: string): Generator<string> {
    if (this.#files.exists(folder)) yield folder;
    for (const name of this.#files.children(folder)) {
      if (name === 'node_modules' || name === 'target' || name === '.git') continue;
      const path = at(folder, name);
      if (!this.#files.exists(path)) yield* this.#manifestsBelow(path);
      else if (name === 'Cargo.toml' || name === 'package.json') yield path;
    }
  }

  #settleCrates(roots: readonly string[], referencesOf: (root: string) => References): void {
    if (this.#crates.size === 0) return;
    const crates = roots.filter((root) => this.#files.exists(at(root, 'Cargo.toml')));
    const workspaces = new Set(crates.map((root) => cargoWorkspace(this.#files, root)));
    const manifests = new Set(crates);
    for (const workspace of workspaces) {
      manifests.add(workspace);
      for (const member of members(this.#files, workspace)) manifests.add(member);
    }
    for (const root of manifests) carryRequirements(this.#files, root, this.#crates, referencesOf(root).prefix);
    for (const workspace of workspaces) {
      const lock = at(workspace, 'Cargo.lock');
      if (!this.#files.exists(lock)) continue;
      this.#files.edit(lock, carryCargoLock(this.#files.read(lock), [...this.#crates.values()]));
    }
  }

  #settlePackages(
    roots: readonly string[],
    followers: readonly string[],
    referencesOf: (root: string) => References,
  ): void {
    if (this.#packages.size === 0) return;
    const manifests = new Set(
      ['.', ...roots, ...followers].filter((root) => this.#files.exists(at(root, 'package.json'))),
    );
    for (const root of [...manifests]) for (const folder of platformFolders(this.#files, root)) manifests.add(folder);

    const released = new Map([...this.#packages.values()].reverse().map((change) => [change.name, change]));
    const specifiers: SpecifierChange[] = [];
    for (const root of manifests) {
      const { prefix, protocols } = referencesOf(root);
      const follows = followers.includes(root);
      const changes = follows ? released : this.#linked(root, released);
      const carried = carrySpecifiers(this.#files, root, changes, { prefix, protocols: protocols || follows });
      specifiers.push(...(follows ? this.#lockable(root, carried) : carried));
    }
    const folders = lockFolders(manifests);
    const catalogs = [...folders]
      .filter((folder) => this.#files.exists(at(folder, 'pnpm-workspace.yaml')))
      .flatMap((folder) => carryCatalogs(this.#files, folder, released));
    const changes = { versions: [...this.#packages.values()], specifiers, catalogs };
    for (const folder of folders) {
      for (const name of PACKAGE_LOCKS) this.#carryLock(at(folder, name), folder, changes);
      if (this.#files.exists(at(folder, 'bun.lockb'))) {
        throw new KrepisError({
          ...errors.RELEASE_FILE,
          at: { path: at(folder, 'bun.lockb') },
          reason: 'it is binary; `bun install --save-text-lockfile` writes one that can be edited',
        });
      }
    }
  }

  /** The released packages that a manifest takes from the workspace; what comes from a registry keeps its version. */
  #linked(root: string, released: ReadonlyMap<string, PackageChange>): ReadonlyMap<string, PackageChange> {
    const lock = this.#lockOf(root);
    if (!lock) return released;
    const platforms = platformFolders(this.#files, root);
    return new Map(
      [...released].filter(([name, change]) => {
        if (!asksFor(this.#files, root, name)) return false;
        if (isLinked(this.#files, lock, posix.dirname(lock), root, name) !== false) return true;
        const platform = platforms.includes(change.root);
        this.#notes.push(
          platform
            ? `⚠️  ${lock} has ${name} from the registry: install again once ${change.to} is published, or make ${change.root} a workspace package`
            : `⚠️  ${at(root, 'package.json')} has ${name} from the registry (${lock}): kept as it is`,
        );
        return platform;
      }),
    );
  }

  /** The changes of a follower that its lock file can follow; what it has from a registry is not there yet. */
  #lockable(root: string, carried: readonly SpecifierChange[]): SpecifierChange[] {
    const lock = this.#lockOf(root);
    return carried.filter(({ name }) => {
      if (!lock || isLinked(this.#files, lock, posix.dirname(lock), root, name) !== false) return true;
      this.#notes.push(`⚠️  ${lock} has ${name} from the registry: install again once the new version is published`);
      return false;
    });
  }

  #lockOf(root: string): string | undefined {
    for (let folder = root; ; folder = posix.dirname(folder)) {
      const found = PACKAGE_LOCKS.map((name) => at(folder, name)).find((path) => this.#files.exists(path));
      if (found || folder === '.') return found;
    }
  }

  #carryLock(path: string, folder: string, changes: PackageChanges): void {
    if (!this.#files.exists(path)) return;
    switch (basename(path)) {
      case 'pnpm-lock.yaml':
        this.#files.edit(path, carryPnpmLock(path, this.#files.read(path), folder, changes));
        break;
      case 'yarn.lock':
        this.#files.edit(path, carryYarnLock(this.#files.read(path), changes));
        break;
      case 'bun.lock':
        this.#files.edit(path, carryBunLock(this.#files.json(path), folder, changes));
        break;
      default:
        this.#files.edit(path, carryPackageLock(this.#files.json(path), folder, changes));
    }
  }
}

/** A package that changed twice in one release counts from its first version. */
function merged<T extends { readonly from: string }>(earlier: T | undefined, change: T): T {
  return earlier ? { ...change, from: earlier.from } : change;
}

/** All folders a lock file may lie in: those of the manifests and those above. */
function lockFolders(roots: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const root of roots) {
    for (let folder = root; ; folder = posix.dirname(folder)) {
      folders.add(folder);
      if (folder === '.') break;
    }
  }
  return folders;
}
