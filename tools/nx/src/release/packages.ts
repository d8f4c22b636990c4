/** The versions of npm packages, in package.json and in what package managers write beside it. */
import { isMap, isScalar, parseDocument } from 'yaml';
import { errors, KrepisError } from '../errors.ts';
import { table } from '../manifests.ts';
import { type Document, lineOf, replaceString } from './documents.ts';
import { at, type Files } from './files.ts';
import { carry } from './ranges.ts';
import { type Edit, lineAt } from './text.ts';

/** A new version of an npm package; `root` is the folder of its package.json. */
export interface PackageChange {
  readonly root: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** A dependency specifier that changed in a package.json. */
export interface SpecifierChange {
  /** Folder of the package.json. */
  readonly root: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

const TABLES = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;

/** Name and version of a package.json; undefined without a version. */
export function packageVersion(
  files: Files,
  root: string,
): { name: string; version: string; path: string } | undefined {
  const path = at(root, 'package.json');
  const { name, version } = files.json(path).value;
  return typeof version === 'string' ? { name: typeof name === 'string' ? name : root, version, path } : undefined;
}

/** Writes a package's version; nothing if it has none (a private package may leave it out). */
export function setPackageVersion(files: Files, root: string, to: string): PackageChange[] {
  const current = packageVersion(files, root);
  if (!current || current.version === to) return [];
  files.edit(current.path, replaceString(files.json(current.path), ['version'], to));
  return [{ root, name: current.name, from: current.version, to }];
}

/**
 * Folders of an addon's per-platform packages: those below `npm/` (or napi's `--npm-dir` in a script) of a package with a
 * `napi` field.
 */
export function platformFolders(files: Files, root: string): string[] {
  const json = files.json(at(root, 'package.json')).value;
  if (!table(json.napi)) return [];
  const scripts = Object.values(table(json.scripts) ?? {}).join('\n');
  const folder = at(root, /--npm-dir[= ]([^\s"']+)/.exec(scripts)?.[1] ?? 'npm');
  return files
    .children(folder)
    .map((name) => at(folder, name))
    .filter((path) => files.exists(at(path, 'package.json')));
}

/**
 * Carries the specifiers of released packages in one package.json over to the new versions: exact, `^` and `~` stay so;
 * `workspace:*`, `workspace:^`, `file:`, `link:`, `catalog:` and tags are left alone.
 *
 * @param options `prefix` is Nx's `versionPrefix`; `protocols: false` writes versions in place of `workspace:` and `file:`
 * @throws KrepisError KRP7042 for a range that cannot take in the new version
 */
export function carrySpecifiers(
  files: Files,
  root: string,
  changes: ReadonlyMap<string, PackageChange>,
  options: { readonly prefix: string; readonly protocols: boolean },
): SpecifierChange[] {
  const document = files.json(at(root, 'package.json'));
  const found: SpecifierChange[] = [];
  const edits: Edit[] = [];
  for (const kind of TABLES) {
    for (const [name, specifier] of Object.entries(table(document.value[kind]) ?? {})) {
      if (typeof specifier !== 'string') continue;
      const to = carrySpecifier(document, [kind, name], name, specifier, changes, options);
      if (to === undefined || to === specifier) continue;
      edits.push(...replaceString(document, [kind, name], to));
      found.push({ root, name, from: specifier, to });
    }
  }
  files.edit(document.path, edits);
  return found;
}

function carrySpecifier(
  document: Document,
  keys: readonly string[],
  key: string,
  specifier: string,
  changes: ReadonlyMap<string, PackageChange>,
  { prefix, protocols }: { readonly prefix: string; readonly protocols: boolean },
): string | undefined {
  const [, protocol = '', alias, range = ''] =
    /^(npm:|workspace:|)(?:(@?[^@:/]+(?:\/[^@:/]+)?)@(?=.))?(.*)$/s.exec(specifier) ?? [];
  const change = changes.get(alias ?? key);
  if (!change) return undefined;
  if (!protocols && /^(?:workspace|file|link|portal):/.test(specifier)) {
    const operator = prefix === 'auto' ? (/^workspace:([~^])/.exec(specifier)?.[1] ?? '') : prefix;
    return `${operator}${change.to}`;
  }
  if (protocol === 'workspace:' && ['*', '^', '~', ''].includes(range)) return undefined;
  if (range.includes(':') || /^\.{0,2}\//.test(range)) return undefined;
  if (range === '' || range === '*') return undefined;
  const carried = carry(range, change.to, 'npm', protocol === 'workspace:' ? 'auto' : prefix);
  if (carried.kind === 'refused') {
    throw new KrepisError({
      ...errors.RANGE_REFUSED,
      at: { path: document.path, line: lineOf(document, keys) },
      reason: `\`${key}\` is asked for as "${specifier}", and ${change.name} becomes ${change.to}`,
    });
  }
  if (carried.kind === 'kept') return undefined;
  return `${protocol}${alias === undefined ? '' : `${alias}@`}${carried.range}`;
}

/** Whether a package.json names the package `name` in a dependency table, by its own name or behind an alias. */
export function asksFor(files: Files, root: string, name: string): boolean {
  const json = files.json(at(root, 'package.json')).value;
  return TABLES.some((kind) => {
    const entries = table(json[kind]) ?? {};
    return name in entries || Object.values(entries).some((range) => String(range).includes(`:${name}@`));
  });
}

/** How a package asks for the package at `target`; undefined if it does not. */
export function specifier(
  files: Files,
  root: string,
  target: string,
): { readonly range: string; readonly collection: string } | undefined {
  const { name } = files.json(at(target, 'package.json')).value;
  const json = files.json(at(root, 'package.json')).value;
  for (const collection of TABLES) {
    const range = typeof name === 'string' ? table(json[collection])?.[name] : undefined;
    if (typeof range === 'string') return { range, collection };
  }
  return undefined;
}

/** What the lock files of a package manager have to follow. */
export interface PackageChanges {
  readonly versions: readonly PackageChange[];
  readonly specifiers: readonly SpecifierChange[];
  readonly catalogs: readonly CatalogChange[];
}

/** Edits of a package-lock.json or npm-shrinkwrap.json, lock versions 1 to 3; `folder` is where it lies. */
export function carryPackageLock(document: Document, folder: string, changes: PackageChanges): Edit[] {
  const edits: Edit[] = [];
  const packages = table(document.value.packages) ?? {};
  for (const { root, from, to } of changes.versions) {
    const key = relative(folder, root);
    if (key === undefined) continue;
    if (key === '' && document.value.version === from) edits.push(...replaceString(document, ['version'], to));
    if (table(packages[key])?.version === from)
      edits.push(...replaceString(document, ['packages', key, 'version'], to));
  }
  for (const { root, name, from, to } of changes.specifiers) {
    const key = relative(folder, root);
    if (key === undefined) continue;
    for (const kind of TABLES) {
      if (table(table(packages[key])?.[kind])?.[name] === from) {
        edits.push(...replaceString(document, ['packages', key, kind, name], to));
      }
    }
    // Lock version 2 repeats the tree in the form of version 1.
    for (const [entry, value] of Object.entries(table(document.value.dependencies) ?? {})) {
      const legacy = table(value);
      if (legacy?.version !== `file:${key}` || table(legacy.requires)?.[name] !== from) continue;
      edits.push(...replaceString(document, ['dependencies', entry, 'requires', name], to));
    }
  }
  return edits;
}

/** Edits of a bun.lock; `folder` is where it lies. */
export function carryBunLock(document: Document, folder: string, changes: PackageChanges): Edit[] {
  const edits: Edit[] = [];
  const workspaces = table(document.value.workspaces) ?? {};
  for (const { root, from, to } of changes.versions) {
    const key = relative(folder, root);
    if (key !== undefined && table(workspaces[key])?.version === from) {
      edits.push(...replaceString(document, ['workspaces', key, 'version'], to));
    }
  }
  for (const { root, name, from, to } of changes.specifiers) {
    const key = relative(folder, root);
    if (key === undefined) continue;
    for (const kind of TABLES) {
      if (table(table(workspaces[key])?.[kind])?.[name] === from) {
        edits.push(...replaceString(document, ['workspaces', key, kind, name], to));
      }
    }
  }
  return edits;
}

/** An entry of a pnpm catalog that changed; `folder` is where pnpm-workspace.yaml lies. */
export interface CatalogChange {
  readonly folder: string;
  readonly keys: readonly string[];
  readonly from: string;
  readonly to: string;
}

/**
 * Carries the `workspace:` ranges of released packages in the catalogs of a pnpm-workspace.yaml over to the new versions.
 *
 * Other ranges of a catalog come from the registry: pnpm does not link the workspace's packages for them.
 *
 * @throws KrepisError KRP7043 if the file does not parse, KRP7042 for a range that cannot take in the new version
 */
export function carryCatalogs(
  files: Files,
  folder: string,
  changes: ReadonlyMap<string, PackageChange>,
): CatalogChange[] {
  const path = at(folder, 'pnpm-workspace.yaml');
  const text = files.read(path);
  const { scalar, keysOf } = yamlPart(path, text, 0, text);
  const names = ['catalog', ...keysOf(['catalogs']).map((name) => `catalogs/${name}`)];
  const edits: Edit[] = [];
  const found: CatalogChange[] = [];
  for (const top of names.map((name) => name.split('/'))) {
    for (const [name, change] of changes) {
      const place = scalar([...top, name]);
      const range = /^workspace:(\d.*|[~^=]\d.*)$/.exec(String(place?.value))?.[1];
      if (!place || range === undefined) continue;
      const carried = carry(range, change.to, 'npm');
      if (carried.kind !== 'changed') continue;
      const to = `workspace:${carried.range}`;
      edits.push(replaceScalar(text, 0, place, to));
      found.push({ folder, keys: ['catalogs', top[1] ?? 'default', name], from: `workspace:${range}`, to });
    }
  }
  files.edit(path, edits);
  return found;
}

/**
 * Edits of a pnpm-lock.yaml; `folder` is where it lies.
 *
 * Only `importers`, `catalogs` and the peers of injected packages name the workspace's own packages; the rest, nine tenths of
 * the file, is not parsed.
 *
 * @throws KrepisError KRP7043 if those sections do not parse
 */
export function carryPnpmLock(path: string, text: string, folder: string, changes: PackageChanges): Edit[] {
  const edits: Edit[] = [];
  const replace = (start: number, place: ScalarPlace | undefined, from: string, to: string) => {
    if (place?.value === from) edits.push(replaceScalar(text, start, place, to));
  };
  for (const { start, section } of sections(text, ['importers', 'catalogs'])) {
    const { scalar } = yamlPart(path, text, start, section);
    for (const { root, name, from, to } of changes.specifiers) {
      const key = relative(folder, root);
      if (key === undefined) continue;
      for (const kind of TABLES)
        replace(start, scalar(['importers', key === '' ? '.' : key, kind, name, 'specifier']), from, to);
    }
    for (const { folder: owner, keys, from, to } of changes.catalogs) {
      if (owner !== folder) continue;
      for (const field of ['specifier', 'version']) replace(start, scalar([...keys, field]), from, to);
    }
  }
  // An injected package is a copy: `'@x/b@file:libs/b':` with what its package.json says of peers.
  for (const injected of text.matchAll(/^ {2}'?@?[^@\s]+@file:([^'\n]+?)'?:\r?\n(?: {4}.*\r?\n?)*/gm)) {
    for (const { root, name, from, to } of changes.specifiers) {
      if (relative(folder, root) !== injected[1]) continue;
      const peer = new RegExp(`(^ {6}'?${escapeRegExp(name)}'?: '?)${escapeRegExp(from)}(?='?\\r?$)`, 'm').exec(
        injected[0],
      );
      if (!peer) continue;
      const start = injected.index + peer.index + (peer[1]?.length ?? 0);
      edits.push({ start, end: start + from.length, text: to });
    }
  }
  return edits;
}

interface ScalarPlace {
  readonly value: unknown;
  readonly range: readonly [number, number];
}

/** The text of top-level keys of a YAML file, each from its line to the next line that is not indented. */
function sections(text: string, names: readonly string[]): { start: number; section: string }[] {
  const pattern = new RegExp(`^(?:${names.join('|')}):[^\\S\\n]*\\r?\\n(?:(?:[ \\t].*)?(?:\\r?\\n|$))*`, 'gm');
  return [...text.matchAll(pattern)].map((match) => ({ start: match.index, section: match[0] }));
}

/** A part of a YAML file, from offset `start`; its keys are found by path. */
function yamlPart(path: string, text: string, start: number, part: string) {
  const document = parseDocument(part);
  const problem = document.errors[0];
  if (problem) {
    const line = lineAt(text, start) + (problem.linePos?.[0].line ?? 1) - 1;
    throw new KrepisError({ ...errors.RELEASE_FILE, at: { path, line }, reason: problem.message.split('\n')[0] });
  }
  const node = (keys: readonly string[]) => {
    let found: unknown = document.contents;
    for (const key of keys) {
      if (!isMap(found)) return undefined;
      found = found.items.find((pair) => isScalar(pair.key) && pair.key.value === key)?.value;
    }
    return found;
  };
  return {
    scalar(keys: readonly string[]): ScalarPlace | undefined {
      const found = node(keys);
      return isScalar(found) && found.range
        ? { value: found.value, range: [found.range[0], found.range[1]] }
        : undefined;
    },
    keysOf(keys: readonly string[]): string[] {
      const found = node(keys);
      return isMap(found) ? found.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : [])) : [];
    },
  };
}

/** Replaces what is between the quotes, or the plain scalar. */
function replaceScalar(text: string, offset: number, { range }: ScalarPlace, to: string): Edit {
  const start = offset + range[0];
  const end = offset + range[1];
  const quoted = /["']/.test(text.charAt(start));
  return quoted ? { start: start + 1, end: end - 1, text: to } : { start, end, text: to };
}

/**
 * Edits of the yarn.lock of Yarn 2 and later; Yarn 1 does not write the workspace's packages down.
 *
 * The workspace's packages stand there as `0.0.0-use.local`, but the ranges others ask for them with are part of keys and of
 * `dependencies`.
 */
export function carryYarnLock(text: string, changes: PackageChanges): Edit[] {
  if (!/^__metadata:/m.test(text)) return [];
  const edits: Edit[] = [];
  for (const match of text.matchAll(/^"?(?:\? )?"?[^\s#].*@workspace:.*(?:\r?\n[ \t:].*)*/gm)) {
    const block = match[0];
    const keyEnd = block.indexOf('\n');
    for (const { name, from, to } of changes.specifiers) {
      // In the key: `"a@npm:^0.1.0, a@workspace:libs/a":`; in Yarn 2 and 3 without `npm:`.
      const inKey = new RegExp(`(["\\s,]${escapeRegExp(name)}@(?:npm:)?)${escapeRegExp(from)}(?=[",:])`, 'g');
      for (const found of block.slice(0, keyEnd).matchAll(inKey)) {
        const start = match.index + found.index + (found[1]?.length ?? 0);
        edits.push({ start, end: start + from.length, text: to });
      }
      // In the tables: `"@x/a": "npm:^0.1.0"`, `"@x/a": ^0.1.0`.
      const inTable = new RegExp(`(^\\s+"?${escapeRegExp(name)}"?: "?(?:npm:)?)${escapeRegExp(from)}(?="?\\r?$)`, 'gm');
      for (const found of block.matchAll(inTable)) {
        const start = match.index + found.index + (found[1]?.length ?? 0);
        edits.push({ start, end: start + from.length, text: to });
      }
    }
  }
  return edits;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Path of `root` from `folder`: '' for the folder itself, undefined outside it. */
function relative(folder: string, root: string): string | undefined {
  if (root === folder) return '';
  if (folder === '.') return root;
  return root.startsWith(`${folder}/`) ? root.slice(folder.length + 1) : undefined;
}

/** The lock files beside a package.json, newest kinds first; a folder has one, or none. */
export const PACKAGE_LOCKS = [
  'pnpm-lock.yaml',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'bun.lock',
] as const;

/**
 * Whether the package `name`, asked for by the package at `root`, is the workspace's own according to the lock file.
 *
 * With pnpm a plain `0.1.0` may come from the registry though the workspace has that package: no lock file can name a version
 * there that is not published yet. Yarn and bun link the workspace's packages whenever the range allows.
 *
 * @param folder where the lock file lies
 * @returns undefined if the lock file does not say
 */
export function isLinked(files: Files, lock: string, folder: string, root: string, name: string): boolean | undefined {
  const key = relative(folder, root);
  if (key === undefined) return undefined;
  if (lock.endsWith('.json')) {
    const packages = table(files.json(lock).value.packages);
    for (let base = key; packages; base = base.includes('/') ? base.slice(0, base.lastIndexOf('/')) : '') {
      const found = table(packages[at(base === '' ? '.' : base, `node_modules/${name}`)]);
      if (found) return found.link === true;
      if (base === '') break;
    }
    return undefined;
  }
  if (lock.endsWith('pnpm-lock.yaml')) {
    const importers = files.parsed(lock, (text) =>
      sections(text, ['importers']).map(({ start, section }) => yamlPart(lock, text, start, section).scalar),
    );
    for (const importer of importers) {
      for (const kind of TABLES) {
        const version = importer(['importers', key === '' ? '.' : key, kind, name, 'version'])?.value;
        if (typeof version === 'string') return /^(?:link|file):/.test(version);
      }
    }
  }
  return undefined;
}
