import { posix } from 'node:path';
import { errors, KrepisError } from '../errors.ts';
import { type CargoExternal, type Crate, readCrates } from './cargo.ts';
import { type BufModule, type Generation, readMessages } from './messages.ts';
import type { PluginOptions } from './options.ts';
import { type NpmPackage, readPackages } from './packages.ts';
import type { ManifestReader } from './reader.ts';

/** All that the manifests say about projects and their edges; both halves of the plugin work from this value. */
export interface Workspace {
  readonly crates: readonly Crate[];
  readonly externals: readonly CargoExternal[];
  readonly packages: readonly NpmPackage[];
  readonly modules: readonly BufModule[];
  readonly generations: readonly Generation[];
}

/** An edge between two project roots, with the file that says so. */
export interface Edge {
  readonly source: string;
  readonly target: string;
  readonly file: string;
  /** True for edges that tests alone need: they may form cycles. */
  readonly dev: boolean;
}

/**
 * Reads every manifest once.
 *
 * @param files paths that match {@link MANIFESTS}, relative to the Nx root
 * @throws KrepisError KRP7010 to KRP7018
 */
export function readWorkspace(files: readonly string[], options: PluginOptions, reader: ManifestReader): Workspace {
  const cargo = options.rust === false ? { crates: [], externals: [] } : readCrates(files, reader);
  const packages = options.typescript === false ? [] : readPackages(files, reader);
  const messages = options.messages === false ? { modules: [], generations: [] } : readMessages(files, reader);
  const workspace = { ...cargo, packages, ...messages };
  demandNoCycle(edges(workspace));
  return workspace;
}

/** Every edge between roots, in both languages and across them. */
export function edges(workspace: Workspace): Edge[] {
  const { crates, packages, modules, generations } = workspace;
  const found: Edge[] = [];
  const add = (source: string, target: string, file: string, dev = false) => {
    if (source !== target) found.push({ source, target, file, dev });
  };
  const packageRoots = new Set(packages.map(({ root }) => root));
  const crateByName = new Map(crates.map((crate) => [crate.name, crate]));

  for (const { root, dependencies, settings } of crates) {
    const file = join(root, 'Cargo.toml');
    for (const dependency of dependencies) add(root, dependency.root, file, dependency.kind === 'dev');
    for (const target of settings.runs) {
      if (!packageRoots.has(target)) {
        const reason = `\`runs\` names ${target}, which is no npm package of this workspace`;
        throw new KrepisError({ ...errors.UNKNOWN_PACKAGE, at: { path: file }, reason });
      }
      add(root, target, file);
    }
  }
  for (const npmPackage of packages) {
    const { root, dependencies } = npmPackage;
    const file = join(root, 'package.json');
    for (const target of dependencies) add(root, target.root, file, target.dev);
    const crate = addonCrate(npmPackage, crates);
    if (crate) add(root, crate.root, file);
    const hidden = hiddenAddon(npmPackage, workspace);
    if (hidden) add(root, hidden.root, file);
    const launched = launchedCrate(npmPackage, crates);
    if (launched) add(root, launched.root, file);
  }
  const roots = [...new Set([...crates, ...packages].map(({ root }) => root))];
  for (const generation of generations) {
    for (const source of ownersOf(generation.outputs, roots)) {
      for (const target of generation.modules) add(source, target, generation.file);
    }
    for (const name of generation.crates) {
      const crate = crateByName.get(name);
      // Generated code of the plugin itself: no edge, or its build would wait for itself.
      if (crate && !generation.modules.includes(crate.root)) {
        add(generation.modules[0] ?? '.', crate.root, generation.file);
      }
    }
  }
  for (const { root, workspaceRoot, file } of modules) {
    if (modules.length > 1) for (const other of modules) if (other.root === workspaceRoot) add(other.root, root, file);
  }
  return found;
}

/** The crate an addon's package is built from: in the same folder, or where its build command says. */
export function addonCrate({ addon, root }: NpmPackage, crates: readonly Crate[]): Crate | undefined {
  if (!addon) return undefined;
  if (addon.crate !== undefined) {
    const named = crates.filter(({ name }) => name === addon.crate);
    return named.find(({ workspaceRoot }) => workspaceRoot === addon.manifestRoot) ?? named[0];
  }
  const found = crates.find((crate) => crate.root === addon.manifestRoot);
  if (found || crates.length === 0) return found;
  throw new KrepisError({
    ...errors.UNKNOWN_CRATE,
    at: { path: join(root, 'package.json') },
    reason: `\`${addon.command}\` builds ${join(addon.manifestRoot, 'Cargo.toml')}, which is no crate of this workspace`,
  });
}

/**
 * The addon's crate where a script of the package's own builds it: the only such crate below, which nobody else claims.
 *
 * Its build is not cached, since what it writes is not known; but an edit of the crate reaches the package.
 */
function hiddenAddon({ napi, addon, root }: NpmPackage, { crates, packages }: Workspace): Crate | undefined {
  if (!napi || addon) return undefined;
  const claimed = new Set(packages.flatMap((other) => addonCrate(other, crates) ?? []));
  const candidates = crates.filter(
    (crate) => crate.addon && !claimed.has(crate) && (root === '.' || crate.root.startsWith(`${root}/`)),
  );
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** The crate whose binaries a launcher starts: an npm package with `bin` in a folder inside the crate's. */
export function launchedCrate({ bin, root }: NpmPackage, crates: readonly Crate[]): Crate | undefined {
  if (!bin) return undefined;
  return crates
    .filter((crate) => crate.root !== '.' && root.startsWith(`${crate.root}/`))
    .filter(({ artifacts }) => artifacts.some(({ kind }) => kind === 'bin'))
    .sort((a, b) => b.root.length - a.root.length)[0];
}

/** The deepest roots that hold the paths. */
export function ownersOf(paths: readonly string[], roots: readonly string[]): string[] {
  const owners = paths.flatMap((path) =>
    roots
      .filter((root) => path === root || path.startsWith(`${root}/`))
      .sort((a, b) => b.length - a.length)
      .slice(0, 1),
  );
  return [...new Set(owners)];
}

/**
 * Cargo refuses cycles of crates and pnpm warns about cycles of packages; across the border nobody looks.
 *
 * Cycles of packages alone are left to Nx and the package manager: many workspaces live with them.
 */
function demandNoCycle(all: readonly Edge[]): void {
  const outgoing = new Map<string, Edge[]>();
  for (const edge of all) if (!edge.dev) outgoing.set(edge.source, [...(outgoing.get(edge.source) ?? []), edge]);
  const done = new Set<string>();
  const path: Edge[] = [];
  const onPath = new Set<string>();
  const visit = (root: string): void => {
    if (done.has(root)) return;
    onPath.add(root);
    for (const edge of outgoing.get(root) ?? []) {
      if (onPath.has(edge.target)) {
        const start = path.findIndex(({ source }) => source === edge.target);
        const cycle = [...path.slice(start < 0 ? path.length : start), edge];
        if (cycle.some(({ file }) => file.endsWith('Cargo.toml'))) throw cyclic(cycle);
        continue;
      }
      path.push(edge);
      visit(edge.target);
      path.pop();
    }
    onPath.delete(root);
    done.add(root);
  };
  for (const root of outgoing.keys()) visit(root);
}

function cyclic(cycle: readonly Edge[]): KrepisError {
  const steps = cycle.map(({ source, target, file }) => `${source} -> ${target} (${file})`).join(', ');
  return new KrepisError({ ...errors.CYCLE, at: { path: cycle[0]?.file ?? '.' }, reason: steps });
}

function join(root: string, path: string): string {
  return root === '.' ? path : posix.join(root, path);
}
