/** The versions of crates, in Cargo.toml and Cargo.lock. */
import { posix } from 'node:path';
import picomatch from 'picomatch';
import { compareBuild } from 'semver';
import {
  type CargoManifest,
  dependencyTables,
  GLOB,
  isGlob,
  membership,
  pathOf,
  type Requirement,
  requirements,
  workspaceRootOf,
} from '../cargo/members.ts';
import { errors, KrepisError } from '../errors.ts';
import { type Table, table } from '../manifests.ts';
import { lineOf, replaceString } from './documents.ts';
import { at, type Files } from './files.ts';
import { carry } from './ranges.ts';
import type { Edit } from './text.ts';

/** Where the version of a crate is written: in its own manifest, or in that of its workspace. */
export interface CrateVersion {
  readonly name: string;
  readonly version: string;
  /** The Cargo.toml that holds the version. */
  readonly path: string;
  readonly keys: readonly string[];
}

/** A new version of a crate; `root` is the folder of its Cargo.toml. */
export interface CrateChange {
  readonly root: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** Folder of the Cargo workspace a crate belongs to; its own if it stands alone. */
export function cargoWorkspace(files: Files, root: string): string {
  return workspaceRootOf(manifestIn(files, root), (folder) => loaded(files, folder)) ?? root;
}

/** The Cargo.toml of a folder, as it stands now. */
function manifestIn(files: Files, root: string): CargoManifest {
  return { root, toml: files.toml(at(root, 'Cargo.toml')).value };
}

function loaded(files: Files, root: string): CargoManifest | undefined {
  return files.exists(at(root, 'Cargo.toml')) ? manifestIn(files, root) : undefined;
}

/** Where a crate's version stands; undefined for a manifest without a package or without a version. */
export function crateVersion(files: Files, root: string): CrateVersion | undefined {
  const path = at(root, 'Cargo.toml');
  const declared = table(files.toml(path).value.package);
  const name = declared?.name;
  if (!declared || typeof name !== 'string') return undefined;
  if (typeof declared.version === 'string') {
    return { name, version: declared.version, path, keys: ['package', 'version'] };
  }
  if (table(declared.version)?.workspace !== true) return undefined;
  const shared = at(cargoWorkspace(files, root), 'Cargo.toml');
  const version = table(table(files.toml(shared).value.workspace)?.package)?.version;
  if (typeof version !== 'string') {
    throw new KrepisError({
      ...errors.BROKEN_CARGO_TOML,
      at: { path },
      reason: `\`version.workspace = true\`, but ${shared} has no \`[workspace.package] version\``,
    });
  }
  return { name, version, path: shared, keys: ['workspace', 'package', 'version'] };
}

/**
 * Writes a crate's version where it stands.
 *
 * @returns the crates that have a new version now: with `version.workspace = true` all that inherit it
 */
export function setCrateVersion(files: Files, root: string, to: string): CrateChange[] {
  const place = crateVersion(files, root);
  if (!place || place.version === to) return [];
  const inherited = place.keys[0] === 'workspace';
  const roots = inherited ? members(files, posix.dirname(place.path)) : [root];
  const changes = roots.flatMap((member) => {
    const version = crateVersion(files, member);
    return version?.path === place.path && version.keys[0] === place.keys[0]
      ? [{ root: member, name: version.name, from: version.version, to }]
      : [];
  });
  files.edit(place.path, replaceString(files.toml(place.path), place.keys, to));
  return changes;
}

/** Roots of a workspace's members, as Cargo finds them, sorted; the crate itself where it is no workspace. */
export function members(files: Files, workspace: string): string[] {
  const manifest = manifestIn(files, workspace);
  if (!table(manifest.toml.workspace)) return [workspace];
  const found = membership(
    manifest,
    (pattern) => expand(files, pattern),
    (root) => loaded(files, root),
  );
  return [...found.members].sort();
}

/** Folders a `members` pattern names. */
function expand(files: Files, pattern: string): string[] {
  let folders = ['.'];
  for (const segment of pattern.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '**') {
      folders = folders.flatMap((folder) => below(files, folder));
    } else if (isGlob(segment)) {
      const matches = picomatch(segment, GLOB);
      folders = folders.flatMap((folder) =>
        files
          .children(folder)
          .filter((name) => matches(name))
          .map((name) => at(folder, name)),
      );
    } else {
      folders = folders.map((folder) => at(folder, segment));
    }
  }
  return folders;
}

function below(files: Files, folder: string): string[] {
  const inner = files
    .children(folder)
    .filter((name) => name !== 'node_modules' && name !== 'target' && !name.startsWith('.'))
    .map((name) => at(folder, name))
    .filter((path) => !files.exists(path));
  return [folder, ...inner.flatMap((path) => below(files, path))];
}

/** A requirement with the root of the crate it leads to. */
interface PathDependency extends Requirement {
  readonly target: string;
}

/** Entries with a `path` in every dependency table of a manifest; inherited ones lead to the workspace's entry. */
function pathDependencies(files: Files, root: string, workspace: string): PathDependency[] {
  const [manifest, shared] = [manifestIn(files, root), manifestIn(files, workspace)];
  return requirements(manifest, shared).flatMap((found) => {
    const target = pathOf(found, manifest, shared);
    return target === undefined ? [] : [{ ...found, target }];
  });
}

/**
 * Carries the versions beside `path` in all dependency tables of one manifest, `[workspace.dependencies]` and `[patch]` not
 * excepted, over to the new versions.
 *
 * @param prefix Nx's `versionPrefix`
 * @throws KrepisError KRP7042 for a requirement that cannot take in the new version
 */
export function carryRequirements(
  files: Files,
  root: string,
  changes: ReadonlyMap<string, CrateChange>,
  prefix: string,
): void {
  const manifest = files.toml(at(root, 'Cargo.toml'));
  const edits: Edit[] = [];
  for (const { keys, entries } of requirementTables(manifest.value)) {
    for (const [name, value] of Object.entries(entries)) {
      const entry = table(value);
      if (typeof entry?.path !== 'string' || typeof entry.version !== 'string') continue;
      const change = changes.get(at(root, entry.path).replace(/\/$/, ''));
      if (!change) continue;
      const versionAt = [...keys, name, 'version'];
      const carried = carry(entry.version, change.to, 'cargo', prefix);
      if (carried.kind === 'refused') {
        throw new KrepisError({
          ...errors.RANGE_REFUSED,
          at: { path: manifest.path, line: lineOf(manifest, versionAt) },
          reason: `\`${name}\` is asked for as "${entry.version}", and ${change.name} becomes ${change.to}`,
        });
      }
      if (carried.kind === 'changed') edits.push(...replaceString(manifest, versionAt, carried.range));
    }
  }
  files.edit(manifest.path, edits);
}

/** Every table of a manifest that may say a version beside a path. */
function requirementTables(manifest: Table): { keys: readonly string[]; entries: Table }[] {
  const shared = table(table(manifest.workspace)?.dependencies);
  return [
    ...dependencyTables(manifest),
    ...(shared ? [{ keys: ['workspace', 'dependencies'], entries: shared }] : []),
    ...Object.entries(table(manifest.patch) ?? {}).map(([source, entries]) => ({
      keys: ['patch', source],
      entries: table(entries) ?? {},
    })),
  ];
}

/** How a crate asks for the crate at `target`; undefined if it does not, or by path alone. */
export function requirement(
  files: Files,
  root: string,
  target: string,
): { readonly range: string; readonly collection: string } | undefined {
  for (const found of pathDependencies(files, root, cargoWorkspace(files, root))) {
    if (found.target !== target || typeof found.entry?.version !== 'string') continue;
    return { range: found.entry.version, collection: found.keys.at(-2) ?? 'dependencies' };
  }
  return undefined;
}

/** True if Cargo would publish the crate: it has a version, and `publish` (its own or its workspace's) does not forbid it. */
export function isPublishable(files: Files, root: string): boolean {
  if (!crateVersion(files, root)) return false;
  const declared = table(files.toml(at(root, 'Cargo.toml')).value.package)?.publish;
  const shared = table(files.toml(at(cargoWorkspace(files, root), 'Cargo.toml')).value.workspace);
  const publish = table(declared)?.workspace === true ? table(shared?.package)?.publish : declared;
  return publish !== false && !(Array.isArray(publish) && publish.length === 0);
}

/** Names of a crate and of the publishable crates of its workspace that it needs, those first. */
export function publishableDependencies(files: Files, root: string): string[] {
  const workspace = cargoWorkspace(files, root);
  const own = new Set(members(files, workspace));
  const seen = new Set<string>();
  const names: string[] = [];
  const visit = (crate: string): void => {
    if (seen.has(crate)) return;
    seen.add(crate);
    for (const { target } of pathDependencies(files, crate, workspace)) if (own.has(target)) visit(target);
    const version = isPublishable(files, crate) ? crateVersion(files, crate) : undefined;
    if (version) names.push(version.name);
  };
  visit(root);
  return names;
}

interface Locked {
  readonly name: string;
  version: string;
  readonly source: string | undefined;
  readonly start: number;
  readonly end: number;
}

const BLOCK = /^\[\[package\]\]\r?\n(?:(?!\[).*\r?\n?)*/gm;

/**
 * Brings the workspace's own packages in a Cargo.lock to their new versions, in place.
 *
 * Cargo compares the file byte for byte with what it would write, so also the order of two versions of one name, and
 * how they are told apart in `dependencies`, become what Cargo writes.
 */
export function carryCargoLock(text: string, changes: readonly CrateChange[]): Edit[] {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const blocks = [...text.matchAll(BLOCK)].map((match) => ({ start: match.index, text: match[0] }));
  const locked: Locked[] = blocks.map((block) => {
    const field = (name: string) => new RegExp(`^${name} = "(.*)"`, 'm').exec(block.text)?.[1];
    return {
      name: field('name') ?? '',
      version: field('version') ?? '',
      source: field('source'),
      start: block.start,
      end: block.start + block.text.length,
    };
  });
  const before = locked.map((entry) => ({ ...entry }));
  const changed = new Set<string>();
  for (const entry of locked) {
    const change = changes.find(
      ({ name, from }) => entry.source === undefined && entry.name === name && entry.version === from,
    );
    if (!change) continue;
    entry.version = change.to;
    changed.add(entry.name);
  }
  if (changed.size === 0) return [];

  const rewritten = blocks.map(({ text: block }, index) => {
    const old = before[index] as Locked;
    const next = locked[index] as Locked;
    const withVersion =
      old.version === next.version ? block : block.replace(`version = "${old.version}"`, `version = "${next.version}"`);
    return withVersion.replace(/^dependencies = \[\r?\n([\s\S]*?)^\]/m, (all, list: string) => {
      const lines = list.split(/\r?\n/).filter((line) => line !== '');
      const carried = lines.map((line) => carryLine(line, before, locked, changed));
      if (carried.every((line, position) => line === lines[position])) return all;
      const sorted = sameNamesSorted(carried);
      return `dependencies = [${lineEnd}${sorted.join(lineEnd)}${lineEnd}]`;
    });
  });

  const edits: Edit[] = [];
  const order = sortedWithinNames(locked);
  blocks.forEach((block, index) => {
    const source = order[index] ?? index;
    edits.push(...lineEdits(block, rewritten[source] ?? block.text, lineEnd));
  });
  return edits;
}

/** One string of `dependencies`, written for the versions as they are now. */
function carryLine(
  line: string,
  before: readonly Locked[],
  after: readonly Locked[],
  changed: ReadonlySet<string>,
): string {
  const [, name, version, source] = /^ "([^ "]+)(?: ([^ "]+))?(?: \(([^)]*)\))?",$/.exec(line) ?? [];
  if (name === undefined || version === undefined || !changed.has(name)) return line;
  const index = before.findIndex(
    (entry) =>
      entry.name === name &&
      entry.version === version &&
      // Without a source it is the only one of that version, or the one that has none: the workspace's.
      (source !== undefined
        ? entry.source?.startsWith(source)
        : entry.source === undefined || before.filter((other) => sameVersion(other, entry)).length === 1),
  );
  const entry = after[index];
  if (!entry) return line;
  const alike = after.filter((other) => sameVersion(other, entry)).length > 1;
  const told = alike ? entry.source : source;
  return ` "${name} ${entry.version}${told === undefined ? '' : ` (${told})`}",`;
}

function sameVersion(left: Locked, right: Locked): boolean {
  return left.name === right.name && left.version === right.version;
}

/** The lines in their order, with those of one name sorted among themselves. */
function sameNamesSorted(lines: readonly string[]): string[] {
  const nameOf = (line: string) => /^ "([^ "]+)/.exec(line)?.[1] ?? '';
  return sortRuns(lines, nameOf, (left, right) => (left < right ? -1 : left > right ? 1 : 0));
}

/** Indices of the packages in the order Cargo writes: equal names, which stand together, by version. */
function sortedWithinNames(locked: readonly Locked[]): number[] {
  const indices = locked.map((_, index) => index);
  const entry = (index: number) => locked[index] as Locked;
  return sortRuns(
    indices,
    (index) => entry(index).name,
    (left, right) =>
      compareBuild(entry(left).version, entry(right).version) ||
      (entry(left).source ?? '').localeCompare(entry(right).source ?? ''),
  );
}

function sortRuns<T>(items: readonly T[], keyOf: (item: T) => string, order: (left: T, right: T) => number): T[] {
  const result: T[] = [];
  for (let start = 0; start < items.length; ) {
    let end = start + 1;
    while (end < items.length && keyOf(items[end] as T) === keyOf(items[start] as T)) end += 1;
    result.push(...items.slice(start, end).sort(order));
    start = end;
  }
  return result;
}

/** Edits of single lines where the lines correspond; the whole block otherwise. */
function lineEdits(block: { start: number; text: string }, next: string, lineEnd: string): Edit[] {
  if (block.text === next) return [];
  const old = block.text.split(lineEnd);
  const lines = next.split(lineEnd);
  if (old.length !== lines.length) return [{ start: block.start, end: block.start + block.text.length, text: next }];
  const edits: Edit[] = [];
  let offset = block.start;
  old.forEach((line, index) => {
    const text = lines[index] ?? line;
    if (text !== line) edits.push({ start: offset, end: offset + line.length, text });
    offset += line.length + lineEnd.length;
  });
  return edits;
}
