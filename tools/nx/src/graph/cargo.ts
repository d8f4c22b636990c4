import { posix } from 'node:path';
import picomatch from 'picomatch';
import { parse, TomlError } from 'smol-toml';
import { errors, KrepisError } from '../errors.ts';
import type { ManifestReader } from './reader.ts';

/** One crate that Cargo builds as a member of a workspace, or alone. Paths are relative to the Nx root, with `/`. */
export interface Crate {
  /** `package.name`. */
  readonly name: string;
  /** Folder of its Cargo.toml; `.` for the Nx root. The key of the crate: names may differ from Nx's. */
  readonly root: string;
  /** Folder of the Cargo workspace it belongs to (its own if it stands alone). */
  readonly workspaceRoot: string;
  /** Names of its binaries, for the exact output paths. */
  readonly binaries: readonly string[];
  /** `package.metadata.nx.test-args`: what `cargo test` needs beside the package's name, for example features. */
  readonly testArguments: readonly string[];
  /** Roots of the crates it depends on by path: normal, dev, build and target dependencies, renamed ones too. */
  readonly dependencies: readonly string[];
}

type Table = Record<string, unknown>;

interface Manifest {
  readonly path: string;
  readonly root: string;
  readonly text: string;
  readonly toml: Table;
}

/**
 * Reads all crates below an Nx root.
 *
 * @param manifests paths of the Cargo.toml files Nx knows, relative to the root
 * @returns the crates, sorted by root; manifests that no Cargo workspace lists (fixtures) are left out, as Cargo leaves them out
 * @throws KrepisError KRP7010 with file, line and column for a manifest that does not parse; KRP7011 for a path without a crate
 */
export function readCrates(manifests: readonly string[], reader: ManifestReader): Crate[] {
  const parsed = new Map<string, Manifest>();
  const load = (root: string): Manifest => {
    const known = parsed.get(root);
    if (known) return known;
    const path = root === '.' ? 'Cargo.toml' : `${root}/Cargo.toml`;
    const text = reader.read(path);
    const manifest = { path, root, text, toml: parseToml(path, text) };
    parsed.set(root, manifest);
    return manifest;
  };

  const roots = manifests.map((path) => posix.dirname(path)).sort();
  const workspaces = roots.filter((root) =>
    isWorkspaceText(reader.read(root === '.' ? 'Cargo.toml' : `${root}/Cargo.toml`)),
  );
  const owners = new Map<string, string>();
  for (const workspace of workspaces) {
    for (const member of members(load(workspace), roots, load)) owners.set(member, workspace);
  }
  for (const root of roots) {
    // Cargo takes a package without a workspace above it for a workspace of its own.
    if (!owners.has(root) && !workspaces.some((workspace) => isBelow(root, workspace))) owners.set(root, root);
  }

  const crates: Crate[] = [];
  for (const [root, workspaceRoot] of owners) {
    const manifest = load(root);
    const declared = table(manifest.toml.package);
    const name = declared?.name;
    if (typeof name !== 'string') continue;
    crates.push({
      name,
      root,
      workspaceRoot,
      binaries: binaries(manifest, name, reader),
      testArguments: strings(table(table(declared?.metadata)?.nx)?.['test-args']),
      dependencies: dependencies(manifest, load(workspaceRoot), reader),
    });
  }
  return crates.sort((a, b) => (a.root < b.root ? -1 : 1));
}

function parseToml(path: string, text: string): Table {
  try {
    return parse(text) as Table;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new KrepisError({
      ...errors.BROKEN_CARGO_TOML,
      at: { path, line: error.line, column: error.column },
      reason: error.message.split('\n')[0],
    });
  }
}

/** Whether the text has a `[workspace]` table; by text, so that a broken fixture nobody builds is not an error. */
function isWorkspaceText(text: string): boolean {
  return /^\s*\[workspace[\].]/m.test(text) || /^\s*workspace\s*=\s*\{/m.test(text);
}

/** Members as Cargo finds them: the root package, `members` minus `exclude`, and path dependencies below the root. */
function members(workspace: Manifest, roots: readonly string[], load: (root: string) => Manifest): Set<string> {
  const settings = table(workspace.toml.workspace) ?? {};
  const under = (pattern: string) => posix.join(workspace.root, pattern).replace(/\/$/, '');
  const included = picomatch(strings(settings.members).map(under));
  const excludes = strings(settings.exclude).map(under);
  const excluded = (root: string) => excludes.some((exclude) => root === exclude || isBelow(root, exclude));
  const known = new Set(roots);
  const found = new Set<string>();
  const queue = roots.filter((root) => !excluded(root) && included(root));
  if (table(workspace.toml.package)) queue.push(workspace.root);
  for (let root = queue.pop(); root !== undefined; root = queue.pop()) {
    if (found.has(root)) continue;
    found.add(root);
    for (const { path } of pathDependencies(load(root), workspace)) {
      if (known.has(path) && isBelow(path, workspace.root) && !excluded(path)) queue.push(path);
    }
  }
  return found;
}

interface PathDependency {
  readonly path: string;
  readonly key: string;
  readonly manifest: Manifest;
}

function pathDependencies(manifest: Manifest, workspace: Manifest): PathDependency[] {
  const found: PathDependency[] = [];
  const shared = table(table(workspace.toml.workspace)?.dependencies) ?? {};
  const targets = Object.values(table(manifest.toml.target) ?? {}).map(table);
  for (const scope of [manifest.toml, ...targets]) {
    for (const kind of DEPENDENCY_TABLES) {
      for (const [key, value] of Object.entries(table(scope?.[kind]) ?? {})) {
        const own = table(value);
        const inherited = own?.workspace === true;
        const entry = inherited ? table(shared[key]) : own;
        const from = inherited ? workspace : manifest;
        if (typeof entry?.path !== 'string') continue;
        found.push({ path: posix.join(from.root, entry.path).replace(/\/$/, ''), key, manifest: from });
      }
    }
  }
  return found;
}

const DEPENDENCY_TABLES = [
  'dependencies',
  'dev-dependencies',
  'build-dependencies',
  // Cargo still reads the names it had before 1.0.
  'dev_dependencies',
  'build_dependencies',
] as const;

function dependencies(manifest: Manifest, workspace: Manifest, reader: ManifestReader): string[] {
  const roots = new Set<string>();
  for (const { path, key, manifest: from } of pathDependencies(manifest, workspace)) {
    if (path.startsWith('../') || path === manifest.root) continue;
    if (!reader.exists(`${path}/Cargo.toml`)) {
      throw new KrepisError({
        ...errors.UNKNOWN_CRATE,
        at: { path: from.path, line: lineOf(from.text, key) },
        reason: `\`${key}\` points at ${path}, where there is no Cargo.toml`,
      });
    }
    roots.add(path);
  }
  return [...roots].sort();
}

function binaries(manifest: Manifest, name: string, reader: ManifestReader): string[] {
  const found = new Set<string>();
  const declared = manifest.toml.bin;
  for (const bin of Array.isArray(declared) ? declared.map(table) : []) {
    // A binary behind features is not made by a plain `cargo build`.
    if (typeof bin?.name === 'string' && strings(bin['required-features']).length === 0) found.add(bin.name);
  }
  if (!Array.isArray(declared) && reader.exists(posix.join(manifest.root, 'src/main.rs'))) found.add(name);
  return [...found].sort();
}

function lineOf(text: string, key: string): number | undefined {
  const escaped = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const index = text
    .split('\n')
    .findIndex((line) => new RegExp(`^\\s*(?:\\[.*\\.)?"?${escaped}"?\\s*(?:[.=\\]])`).test(line));
  return index < 0 ? undefined : index + 1;
}

function isBelow(path: string, folder: string): boolean {
  return folder === '.' ? path !== '.' : path.startsWith(`${folder}/`);
}

function table(value: unknown): Table | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : undefined;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
