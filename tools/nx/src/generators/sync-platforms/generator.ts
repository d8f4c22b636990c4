import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type GeneratorCallback, globAsync, type Tree } from '@nx/devkit';
import picomatch from 'picomatch';
import { sortedIndex } from '../../edit/array.ts';
import { errors, KrepisError } from '../../errors.ts';
import { parseJsonc, readText, type Table, table } from '../../manifests.ts';
import { isPlatformFolder, type Target } from '../../napi/target.ts';
import { ignoredByGit } from '../../sync/git.ts';
import { setProperty } from '../../sync/json-edit.ts';
import { isMaterial } from '../../sync/material.ts';
import { syncOptions } from '../../sync/options.ts';
import { answer, SyncReport, type SyncResult } from '../../sync/report.ts';
import { type Addon, readAddon } from './addon.ts';
import { isMadeReadme, isPlatformPackage, isWasm, merged, platformPackage, readme } from './platform-package.ts';

/** Options of `@krepis/nx:sync-platforms`; see schema.json. */
export interface PlatformOptions {
  /** Whether folders are made for an addon that has none yet. Default: unless a script or CI file makes them. */
  readonly create: boolean;
  /** Globs of addons' folders that are left alone. */
  readonly exclude: readonly string[];
}

/** Finds files of the workspace by patterns, as Nx's `globAsync` does. */
type Glob = (patterns: readonly string[]) => Promise<string[]>;

/**
 * Keeps the per-platform packages of native addons (`npm/linux-x64-gnu/package.json`, …) in sync with the targets, the
 * version and the metadata of the addon, as `napi create-npm-dirs` would write them; fields of the user's own stay.
 *
 * @throws KrepisError KRP7012 for JSON that does not parse, KRP7034 for bad targets, KRP7035 for a new WebAssembly package
 */
export default async function syncPlatformsGenerator(
  tree: Tree,
  given?: Partial<PlatformOptions>,
): Promise<SyncResult | GeneratorCallback | undefined> {
  const options = syncOptions<PlatformOptions>(tree, '@krepis/nx:sync-platforms', given);
  return answer(await syncPlatforms(tree, options, (patterns) => globAsync(tree, [...patterns])), given);
}

/** The generator with the way to find files passed in. */
export async function syncPlatforms(
  tree: Tree,
  options: Partial<PlatformOptions>,
  glob: Glob,
): Promise<SyncResult | undefined> {
  const isExcluded = picomatch([...(options.exclude ?? [])], { dot: true });
  const manifests = (await glob(['**/package.json'])).filter((path) => !isMaterial(path)).sort();
  const rootManifest = tree.exists('package.json')
    ? parseJsonc('package.json', readText(tree, 'package.json'))
    : undefined;
  const report = new SyncReport();
  for (const manifest of manifests) {
    if (isExcluded(posix.dirname(manifest))) continue;
    const addon = readAddon(tree, manifest, rootManifest);
    if (!addon) continue;
    const folders = tree.exists(addon.npmFolder) ? tree.children(addon.npmFolder) : [];
    const present = folders.filter((name) => tree.isFile(posix.join(addon.npmFolder, name, 'package.json')));
    // What Nx lists is not ignored: git is asked only about a folder without a listed package.
    const listed = present.some((name) => manifests.includes(posix.join(addon.npmFolder, name, 'package.json')));
    const kept =
      listed ||
      ((await ignoredByGit(tree.root, [posix.join(addon.npmFolder, 'x', 'package.json')])).size === 0 &&
        (present.length > 0 || (options.create ?? !(await madeElsewhere(tree, addon, rootManifest, glob)))));
    if (kept) {
      for (const target of addon.targets) syncPackage(tree, addon, target, report);
      removeSuperfluous(tree, addon, present, report);
    }
    syncOptionalDependencies(tree, addon, report);
  }
  return report.result('Per-platform packages do not match their native addon.');
}

/** Whether a script or a CI file makes the folders when they are needed, as new napi-rs projects do. */
async function madeElsewhere(tree: Tree, addon: Addon, rootManifest: Table | undefined, glob: Glob): Promise<boolean> {
  const scripts = [addon.json, rootManifest].flatMap((json) => Object.values(table(json?.scripts) ?? {}));
  const makes = (text: unknown) => typeof text === 'string' && /\bcreate-npm-dirs?\b/.test(text);
  if (scripts.some(makes)) return true;
  const files = await glob(['.github/workflows/*.{yml,yaml}', '.gitlab-ci.yml', '.circleci/config.yml']);
  return files.some((path) => makes(readText(tree, path)));
}

function syncPackage(tree: Tree, addon: Addon, target: Target, report: SyncReport): void {
  const path = posix.join(addon.npmFolder, target.folder, 'package.json');
  const expected = platformPackage(addon, target);
  if (!tree.exists(path)) {
    if (isWasm(target)) {
      throw new KrepisError({ ...errors.NO_WASI_VERSIONS, at: { path: addon.manifest }, reason: `${path} is missing` });
    }
    tree.write(path, `${JSON.stringify(expected, null, 2)}\n`);
    report.add(path, `Missing: target ${target.triple} of ${addon.packageName}`);
  } else {
    const text = readText(tree, path);
    const there = parseJsonc(path, text);
    const wrong = Object.entries(expected)
      .map(([field, value]) => [field, merged(field, value, there[field])] as const)
      .filter(([field, value]) => !isDeepStrictEqual(there[field], value));
    // What the platform does not have, a package copied from another one may still say.
    const stale = ['os', 'cpu', 'libc'].filter((field) => field in there && !(field in expected));
    if (wrong.length + stale.length > 0) {
      const edits = [...wrong, ...stale.map((field) => [field, undefined] as const)];
      tree.write(
        path,
        edits.reduce((edited, [field, value]) => setProperty(edited, [field], value), text),
      );
      report.add(path, `Not as its addon says: ${edits.map(([field]) => field).join(', ')}`);
    }
  }
  const beside = posix.join(addon.npmFolder, target.folder, 'README.md');
  if (tree.exists(beside)) return;
  tree.write(beside, readme(addon, target));
  report.add(beside, `Missing: target ${target.triple} of ${addon.packageName}`);
}

/** Removes what was made for a target that is gone: package.json and a README nobody wrote; other files stay. */
function removeSuperfluous(tree: Tree, addon: Addon, present: readonly string[], report: SyncReport): void {
  const declared = new Set(addon.targets.map(({ folder }) => folder));
  for (const name of present.filter((folder) => !declared.has(folder))) {
    const folder = posix.join(addon.npmFolder, name);
    const path = posix.join(folder, 'package.json');
    if (!isPlatformPackage(parseJsonc(path, readText(tree, path)), name, addon)) continue;
    const beside = posix.join(folder, 'README.md');
    tree.delete(path);
    if (tree.isFile(beside) && isMadeReadme(readText(tree, beside))) tree.delete(beside);
    const left = tree.exists(folder) ? tree.children(folder) : [];
    const note = left.length > 0 ? ` (left in place: ${left.join(', ')})` : '';
    report.add(path, `Superfluous: ${addon.packageName} has no such target${note}`);
  }
}

/** Where the addon lists its platform packages as optional dependencies, it lists exactly those of its targets. */
function syncOptionalDependencies(tree: Tree, addon: Addon, report: SyncReport): void {
  const { packageName, version, targets } = addon;
  const listed = table(addon.json.optionalDependencies) ?? {};
  const own = Object.keys(listed).filter((name) => isPlatformName(name, addon));
  const style = own.map((name) => String(listed[name])).find(Boolean);
  if (style === undefined) return;
  const wanted = targets
    .filter((target) => !isWasm(target) || addon.wasmOptional)
    .map(({ folder }) => `${packageName}-${folder}`);
  const missing = wanted.filter((name) => !(name in listed)).sort();
  const superfluous = own.filter((name) => !wanted.includes(name));
  const stale = own.filter(
    (name) => wanted.includes(name) && versionLike(String(listed[name]), version) !== listed[name],
  );
  if (missing.length + superfluous.length + stale.length === 0) return;
  let text = readText(tree, addon.manifest);
  const set = (name: string, value: string | undefined) => {
    text = setProperty(text, ['optionalDependencies', name], value, (names) => sortedIndex(names, name));
  };
  for (const name of superfluous) set(name, undefined);
  for (const name of stale) set(name, versionLike(String(listed[name]), version));
  for (const name of missing) set(name, versionLike(style, version));
  tree.write(addon.manifest, text);
  const say = (what: string, names: readonly string[]) => {
    if (names.length > 0) report.add(addon.manifest, `${what} optionalDependencies: ${names.join(', ')}`);
  };
  say('Missing', missing);
  say('Superfluous', superfluous);
  say(`Not at ${version}:`, stale);
}

/** Platform packages end in what an operating system and a processor are called. */
function isPlatformName(name: string, { packageName, targets }: Addon): boolean {
  if (!name.startsWith(`${packageName}-`)) return false;
  const folder = name.slice(packageName.length + 1);
  return targets.some((target) => target.folder === folder) || isPlatformFolder(folder);
}

/** The version in the form the list has: `workspace:*` and the like stay, a range keeps its operator. */
function versionLike(style: string, version: string): string {
  if (/^(?:workspace|catalog|file|link|npm):|^\*$/.test(style)) return style;
  return `${/^[\^~]/.exec(style)?.[0] ?? ''}${version}`;
}
