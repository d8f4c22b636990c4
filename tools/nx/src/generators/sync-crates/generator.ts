import { posix } from 'node:path';
import { type GeneratorCallback, globAsync, type Tree } from '@nx/devkit';
import picomatch from 'picomatch';
import { among, type CargoManifest, entries, isGlob, membership, workspaceRootOf } from '../../cargo/members.ts';
import { editMembers, type MemberList } from '../../edit/cargo.ts';
import { errors, KrepisError } from '../../errors.ts';
import { parseToml, readText, strings, table } from '../../manifests.ts';
import { isMaterial } from '../../sync/material.ts';
import { syncOptions } from '../../sync/options.ts';
import { answer, SyncReport, type SyncResult } from '../../sync/report.ts';

/** Options of `@krepis/nx:sync-crates`; see schema.json. */
export interface CrateOptions {
  /** Globs of folders, relative to the Nx root, whose Cargo.toml files are left alone. */
  readonly exclude: readonly string[];
}

/**
 * Keeps `[workspace] members` of every Cargo workspace equal to the crates that are there.
 *
 * @throws KrepisError KRP7010 for a Cargo.toml that does not parse, KRP7030 for a list that cannot be edited
 */
export default async function syncCratesGenerator(
  tree: Tree,
  given?: Partial<CrateOptions>,
): Promise<SyncResult | GeneratorCallback | undefined> {
  const options = syncOptions<CrateOptions>(tree, '@krepis/nx:sync-crates', given);
  return answer(syncCrates(tree, await globAsync(tree, ['**/Cargo.toml']), options), given);
}

/**
 * The generator over a list of manifests.
 *
 * A crate is to be listed if Cargo, run in its folder, would say "current package believes it's in a workspace when it's
 * not". Test data is left alone, and so is what a template holds: see {@link isTestData}.
 *
 * @param files paths of Cargo.toml files, relative to the Nx root; those git ignores are not among them
 */
export function syncCrates(
  tree: Tree,
  files: readonly string[],
  options: Partial<CrateOptions>,
): SyncResult | undefined {
  const roots = files.map((file) => posix.dirname(file)).sort();
  const known = new Map<string, CargoManifest | undefined>();
  const load = (root: string): CargoManifest | undefined => {
    if (!known.has(root)) {
      const path = posix.join(root, 'Cargo.toml');
      // Not only what the glob saw: a member may be ignored by git and still be one.
      const there = tree.exists(path);
      known.set(root, there ? { root, toml: parseToml(path, readText(tree, path)) } : undefined);
    }
    return known.get(root);
  };
  const isExcluded = picomatch([...(options.exclude ?? [])], { dot: true });
  const all = new Set(roots);
  const own = roots.filter((root) => !isExcluded(root) && !isTestData(root, all, load));
  const found = own.flatMap((root) => load(root) ?? []);

  const report = new SyncReport();
  for (const workspace of found.filter(({ toml }) => table(toml.workspace))) {
    const { members, gone } = membership(workspace, among(roots), load);
    const missing = found
      .filter(({ root, toml }) => table(toml.package) && !members.has(root))
      .filter((manifest) => workspaceRootOf(manifest, load) === workspace.root)
      .map(({ root }) => posix.relative(workspace.root === '.' ? '' : workspace.root, root));
    update(tree, workspace, { add: missing, remove: gone }, report);
  }
  return report.result('Cargo workspaces do not list the crates that are there.');
}

function update(
  tree: Tree,
  workspace: CargoManifest,
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
  report: SyncReport,
): void {
  const defaults = strings(table(workspace.toml.workspace)?.['default-members']).filter(
    (entry) => !isGlob(entry) && !tree.exists(posix.join(workspace.root, entry, 'Cargo.toml')),
  );
  if (add.length + remove.length + defaults.length === 0) return;
  const path = posix.join(workspace.root, 'Cargo.toml');
  if (add.length > 0) report.add(path, `Missing members: ${add.join(', ')}`);
  if (remove.length > 0) report.add(path, `Members without a Cargo.toml: ${remove.join(', ')}`);
  if (defaults.length > 0) report.add(path, `Default members without a Cargo.toml: ${defaults.join(', ')}`);

  const before = readText(tree, path);
  const withMembers = edit(path, before, 'members', [...add], remove);
  const text = edit(path, withMembers, 'default-members', [], defaults);
  // What was written is read again: an edit that does not say what it was meant to say is never handed on.
  const after = entries({ root: workspace.root, toml: parseToml(path, text) });
  const wanted = [...entries(workspace).filter((entry) => !remove.includes(entry)), ...add];
  if (JSON.stringify(after.sort()) !== JSON.stringify(wanted.sort())) throw cannotEdit(path, 'members', add, remove);
  tree.write(path, text);
}

function edit(path: string, text: string, list: MemberList, add: readonly string[], remove: readonly string[]): string {
  if (add.length + remove.length === 0) return text;
  const edited = editMembers(text, list, { add, remove });
  if (edited === undefined) throw cannotEdit(path, list, add, remove);
  return edited;
}

function cannotEdit(path: string, list: MemberList, add: readonly string[], remove: readonly string[]): KrepisError {
  const wishes = [
    ...(add.length > 0 ? [`add ${add.map((entry) => JSON.stringify(entry)).join(', ')}`] : []),
    ...(remove.length > 0 ? [`remove ${remove.map((entry) => JSON.stringify(entry)).join(', ')}`] : []),
  ];
  return new KrepisError({
    ...errors.UNEDITABLE_MEMBERS,
    at: { path },
    reason: `workspace.${list} is not an array below a [workspace] header`,
    hint: `By hand: ${wishes.join('; ')}.`,
  });
}

/** Folders of a package that Cargo itself searches for tests, benchmarks and sources: a crate inside is test data. */
const INSIDE = ['tests', 'benches', 'src'];

/**
 * Whether a Cargo.toml is test data or a template: it lies in fixtures or templates, or in `tests`, `benches` or `src`
 * of another package.
 */
function isTestData(
  root: string,
  roots: ReadonlySet<string>,
  load: (root: string) => CargoManifest | undefined,
): boolean {
  if (isMaterial(root)) return true;
  const segments = root.split('/');
  return segments.some((segment, index) => {
    if (!INSIDE.includes(segment)) return false;
    const owner = segments.slice(0, index).join('/') || '.';
    return roots.has(owner) && table(load(owner)?.toml.package) !== undefined;
  });
}
