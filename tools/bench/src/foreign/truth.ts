/** What Cargo and the package managers themselves say of a workspace: the truth our own readers are compared with. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { parse as parseYaml } from 'yaml';

/** One crate as Cargo sees it. Roots are folders relative to the repository, with `/`; `.` is the repository itself. */
export interface TrueCrate {
  readonly name: string;
  readonly root: string;
  readonly workspaceRoot: string;
  /** True where it stands alone only because the workspace above excludes it. */
  readonly excluded: boolean;
  /** Roots of all path dependencies it declares: every kind, target and optional ones too. */
  readonly declared: ReadonlySet<string>;
  /** Binaries that a plain `cargo build` makes. */
  readonly binaries: ReadonlySet<string>;
  /** Only with `resolve`: roots of the crates in the closure that Cargo resolved, `[patch]` followed. */
  readonly resolved?: ReadonlySet<string> | undefined;
  /** Only with `resolve`: `name@version` of every external crate that its build needs. */
  readonly externals?: ReadonlySet<string> | undefined;
  /** The same with its own dev dependencies. */
  readonly testExternals?: ReadonlySet<string> | undefined;
}

interface Metadata {
  readonly workspace_members: readonly string[];
  readonly workspace_root: string;
  readonly packages: readonly {
    readonly id: string;
    readonly name: string;
    readonly version: string;
    readonly source: string | null;
    readonly manifest_path: string;
    readonly targets: readonly {
      readonly kind: readonly string[];
      readonly crate_types: readonly string[];
      readonly name: string;
      readonly 'required-features'?: readonly string[];
    }[];
    readonly dependencies: readonly { readonly name: string; readonly path?: string; readonly kind: string | null }[];
    readonly features: Readonly<Record<string, readonly string[]>>;
  }[];
  readonly resolve: null | {
    readonly nodes: readonly {
      readonly id: string;
      readonly deps: readonly {
        readonly pkg: string;
        readonly dep_kinds: readonly { readonly kind: string | null }[];
      }[];
    }[];
  };
}

/** Crates, and the manifests that Cargo itself refuses with its first line of reason. */
export interface TrueCrates {
  readonly crates: ReadonlyMap<string, TrueCrate>;
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * Asks Cargo for every crate of a repository: `cargo locate-project --workspace` names the owner of each manifest,
 * `cargo metadata` of each owner its crates.
 *
 * @param repository absolute path
 * @param manifests paths of the Cargo.toml files, relative to it
 * @param resolve also resolve the dependency graph (`--locked --all-features`; downloads what is not there yet)
 */
export function trueCrates(repository: string, manifests: readonly string[], resolve: boolean): TrueCrates {
  const home = realpathSync(repository);
  const rootOf = (manifest: string) => relative(home, join(manifest, '..')).replaceAll('\\', '/') || '.';
  const crates = new Map<string, TrueCrate>();
  const refused = new Map<string, string>();
  const owners = new Set<string>();
  for (const manifest of manifests) {
    try {
      owners.add(
        cargo(home, ['locate-project', '--workspace', '--message-format', 'plain', '--manifest-path', manifest]).trim(),
      );
    } catch (error) {
      refused.set(manifest, reason(error));
    }
  }
  for (const owner of owners) {
    const workspaceRoot = rootOf(owner);
    if (workspaceRoot.startsWith('..')) continue;
    try {
      const metadata = readMetadata(home, owner, resolve);
      const members = new Set(metadata.workspace_members);
      for (const entry of metadata.packages) {
        if (!members.has(entry.id)) continue;
        const root = rootOf(entry.manifest_path);
        crates.set(root, {
          name: entry.name,
          root,
          workspaceRoot,
          excluded: root === workspaceRoot && isExcluded(owner, owners),
          declared: new Set(
            entry.dependencies
              .flatMap(({ path }) => (path === undefined ? [] : rootOf(join(path, 'Cargo.toml'))))
              .filter((path) => path !== root),
          ),
          binaries: new Set(
            entry.targets
              .filter(({ kind }) => kind.includes('bin'))
              .filter((target) => covered(target['required-features'] ?? [], entry.features))
              .map(({ name }) => name),
          ),
          ...closures(entry.id, metadata, rootOf),
        });
      }
    } catch (error) {
      refused.set(`${workspaceRoot}/Cargo.toml`, reason(error));
    }
  }
  return { crates, refused };
}

function isExcluded(manifest: string, owners: ReadonlySet<string>): boolean {
  const above = [...owners].some((other) => other !== manifest && manifest.startsWith(join(other, '..', '/')));
  return above && !/^\s*\[workspace[\].]/m.test(readFileSync(manifest, 'utf8'));
}

function readMetadata(home: string, manifest: string, resolve: boolean): Metadata {
  const read = (...flags: string[]) =>
    JSON.parse(cargo(home, ['metadata', '--format-version', '1', '--manifest-path', manifest, ...flags])) as Metadata;
  if (!resolve || !existsSync(join(manifest, '..', 'Cargo.lock'))) return read('--no-deps');
  try {
    return read('--locked', '--all-features');
  } catch {
    // A git dependency out of reach, a lock file out of date: the manifests can still be compared.
    return read('--no-deps');
  }
}

/** Whether the default features bring all that a target asks for. */
function covered(required: readonly string[], features: Readonly<Record<string, readonly string[]>>): boolean {
  const on = new Set<string>();
  const queue = ['default'];
  for (let feature = queue.pop(); feature !== undefined; feature = queue.pop()) {
    if (on.has(feature)) continue;
    on.add(feature);
    queue.push(...(features[feature] ?? []));
  }
  return required.every((feature) => on.has(feature));
}

function closures(
  id: string,
  { resolve, packages }: Metadata,
  rootOf: (manifest: string) => string,
): Pick<TrueCrate, 'resolved' | 'externals' | 'testExternals'> {
  if (!resolve) return {};
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node.deps]));
  const known = new Map(packages.map((entry) => [entry.id, entry]));
  const reach = (tests: boolean) => {
    const seen = new Set<string>([id]);
    const queue = [id];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      for (const { pkg, dep_kinds } of nodes.get(at) ?? []) {
        // Another crate's tests are not built with this one.
        if (dep_kinds.every(({ kind }) => kind === 'dev') && !(tests && at === id)) continue;
        if (seen.has(pkg)) continue;
        seen.add(pkg);
        queue.push(pkg);
      }
    }
    seen.delete(id);
    return [...seen].flatMap((at) => known.get(at) ?? []);
  };
  const external = (entries: Metadata['packages']) =>
    new Set(entries.filter(({ source }) => source !== null).map(({ name, version }) => `${name}@${version}`));
  const all = reach(true);
  return {
    resolved: new Set(all.flatMap(({ source, manifest_path }) => (source === null ? rootOf(manifest_path) : []))),
    externals: external(reach(false)),
    testExternals: external(all),
  };
}

/** Edges between workspace packages as the package manager resolved them; `undefined` when there is nothing to ask. */
export interface TruePackages {
  /** What was asked, for the report. */
  readonly source: string;
  /** Root to the roots it depends on. */
  readonly edges: ReadonlyMap<string, ReadonlySet<string>>;
  /** `SOURCE TARGET` where a link goes below a package (`link:../api/dist`): an edge is right, none is right too. */
  readonly loose: ReadonlySet<string>;
}

/** Reads pnpm-lock.yaml, package-lock.json or yarn.lock (Berry): what was installed, not what we would guess. */
export function truePackages(repository: string): TruePackages | undefined {
  const text = (file: string) =>
    existsSync(join(repository, file)) ? readFileSync(join(repository, file), 'utf8') : undefined;
  const pnpm = text('pnpm-lock.yaml');
  if (pnpm !== undefined) return { source: 'pnpm-lock.yaml', ...pnpmEdges(pnpm) };
  const npm = text('package-lock.json');
  if (npm !== undefined) return { source: 'package-lock.json', edges: npmEdges(npm), loose: new Set() };
  const yarn = text('yarn.lock');
  if (yarn?.includes('__metadata:')) return { source: 'yarn.lock', edges: yarnEdges(yarn), loose: new Set() };
  return undefined;
}

type Versions = Readonly<Record<string, { readonly version: string } | string>>;
const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

function pnpmEdges(text: string): Omit<TruePackages, 'source'> {
  const documents = text.split(/^---$/m);
  const { importers = {} } = (parseYaml(documents.at(-1) ?? '') ?? {}) as {
    importers?: Record<string, Partial<Record<(typeof KINDS)[number], Versions>>>;
  };
  const edges = new Map<string, Set<string>>();
  const loose = new Set<string>();
  for (const [root, tables] of Object.entries(importers)) {
    const links = KINDS.flatMap((kind) => Object.values(tables[kind] ?? {}))
      .map((entry) => (typeof entry === 'string' ? entry : entry.version))
      .flatMap((version) => (version.startsWith('link:') ? posix.join(root, version.slice('link:'.length)) : []));
    edges.set(root, new Set(links.filter((target) => target !== root && target in importers)));
    for (const link of links.filter((target) => !(target in importers))) {
      for (let folder = posix.dirname(link); folder !== '.'; folder = posix.dirname(folder))
        loose.add(`${root} ${folder}`);
    }
  }
  return { edges, loose };
}

function npmEdges(text: string): Map<string, Set<string>> {
  const { packages } = JSON.parse(text) as {
    packages: Record<string, { link?: boolean; resolved?: string } & Partial<Record<string, Record<string, string>>>>;
  };
  const roots = Object.keys(packages).filter((path) => !/(?:^|\/)node_modules\//.test(path));
  const find = (from: string, name: string) => {
    for (let folder = from; ; folder = posix.dirname(folder)) {
      const entry = packages[posix.join(folder === '.' ? '' : folder, 'node_modules', name)];
      if (entry) return entry.link ? entry.resolved : undefined;
      if (folder === '' || folder === '.') return undefined;
    }
  };
  return new Map(
    roots.map((root) => [
      root || '.',
      new Set(
        [...KINDS, 'peerDependencies']
          .flatMap((kind) => Object.keys((packages[root]?.[kind] as Record<string, string>) ?? {}))
          .flatMap((name) => find(root, name) ?? [])
          .filter((target) => target !== root),
      ),
    ]),
  );
}

function yarnEdges(text: string): Map<string, Set<string>> {
  const entries = parseYaml(text) as Record<string, { resolution?: string; dependencies?: Record<string, string> }>;
  const rootOf = (resolution: string | undefined) => /@workspace:(.*)$/.exec(resolution ?? '')?.[1];
  const byDescriptor = new Map<string, string>();
  for (const [descriptors, { resolution }] of Object.entries(entries)) {
    const root = rootOf(resolution);
    if (root !== undefined) for (const one of descriptors.split(', ')) byDescriptor.set(one, root);
  }
  const found = new Map<string, Set<string>>();
  for (const { resolution, dependencies } of Object.values(entries)) {
    const root = rootOf(resolution);
    if (root === undefined) continue;
    const targets = Object.entries(dependencies ?? {}).flatMap(
      ([name, range]) => byDescriptor.get(`${name}@${range}`) ?? [],
    );
    found.set(root, new Set(targets.filter((target) => target !== root)));
  }
  return found;
}

function cargo(cwd: string, argv: readonly string[]): string {
  return execFileSync('cargo', [...argv], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function reason(error: unknown): string {
  const text = String((error as { stderr?: string }).stderr || error);
  return text.split('\n').find((line) => /^(?:error|fatal)/.test(line)) ?? text.split('\n')[0] ?? '';
}
