import { posix } from 'node:path';
import {
  createProjectGraphAsync,
  type GeneratorCallback,
  type ProjectGraph,
  readCachedProjectGraph,
  type Tree,
} from '@nx/devkit';
import { errors, KrepisError } from '../../errors.ts';
import { readText } from '../../manifests.ts';
import { ignoredByGit } from '../../sync/git.ts';
import { syncOptions } from '../../sync/options.ts';
import { answer, SyncReport, type SyncResult } from '../../sync/report.ts';
import { editReferences } from './references-edit.ts';
import { referencedFile, type TsConfig, type TsConfigs, tsConfigs } from './tsconfig.ts';

/** Options of `@krepis/nx:sync-tsconfig`; see schema.json. */
export interface TsConfigOptions {
  /** Names of the tsconfig files, beside tsconfig.json, that a project's code is built with. */
  readonly runtimeTsConfigFileNames: readonly string[];
}

/** The names `@nx/js:typescript-sync` knows. */
const RUNTIME_NAMES = [
  'tsconfig.app.json',
  'tsconfig.lib.json',
  'tsconfig.build.json',
  'tsconfig.cjs.json',
  'tsconfig.esm.json',
  'tsconfig.runtime.json',
] as const;

/**
 * Keeps TypeScript project references in sync with the project graph, in workspaces that use them.
 *
 * It follows the conventions of `@nx/js:typescript-sync` and reads its options, too; docs/sync.md says where the two
 * differ.
 *
 * @throws KrepisError KRP7012 for a tsconfig that does not parse, KRP7036 for a circle of references
 */
export default async function syncTsConfigGenerator(
  tree: Tree,
  given?: Partial<TsConfigOptions>,
): Promise<SyncResult | GeneratorCallback | undefined> {
  const options = {
    ...syncOptions<TsConfigOptions>(tree, '@nx/js:typescript-sync'),
    ...syncOptions<TsConfigOptions>(tree, '@krepis/nx:sync-tsconfig', given),
  };
  return answer(await syncTsConfig(tree, await projectGraph(), options), given);
}

/**
 * The graph Nx has just made for this command. Without the daemon `createProjectGraphAsync` would make it once more,
 * which costs as much again as the whole check.
 */
async function projectGraph(): Promise<ProjectGraph> {
  // Set by Nx in its daemon, which holds the graph in memory.
  if (!('NX_DAEMON' in globalThis)) {
    try {
      const { timeOrigin } = performance;
      return (readCachedProjectGraph as (minimumComputedAt?: number) => ProjectGraph)(timeOrigin);
    } catch {
      // None was made since this process started.
    }
  }
  return createProjectGraphAsync();
}

/** The generator over a graph. */
export async function syncTsConfig(
  tree: Tree,
  graph: ProjectGraph,
  options: Partial<TsConfigOptions>,
): Promise<SyncResult | undefined> {
  const names = options.runtimeTsConfigFileNames ?? RUNTIME_NAMES;
  const read = tsConfigs(tree);
  const roots = new Map(Object.values(graph.nodes).map(({ name, data }) => [data.root, name]));
  const wanted = new Map<string, Wanted>();
  for (const [root, name] of [...roots].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (root === '.') continue;
    for (const item of wantedOf(root, dependenciesOf(graph, name), names, read)) wanted.set(item.config.path, item);
  }
  const solution = read('tsconfig.json');
  // A list of projects for `tsc --build`; a root tsconfig.json without references is not one.
  if (solution?.json.references !== undefined && !solution.hasFiles) {
    wanted.set(solution.path, { config: solution, files: compositesBelow(roots.keys(), read), all: true });
  }

  const report = new SyncReport();
  const changed: { path: string; text: string }[] = [];
  const references = new Map<string, readonly string[]>();
  for (const { config, files, all } of wanted.values()) {
    const plan = await planOf(tree, config, files, roots, read, all);
    references.set(config.path, plan.after);
    if (plan.add.length + plan.remove.length === 0) continue;
    for (const [reason, paths] of plan.reasons) report.add(config.path, `${reason}: ${paths.join(', ')}`);
    changed.push({ path: config.path, text: editReferences(readText(tree, config.path), plan.remove, plan.add) });
  }
  refuseCircle(references);
  for (const { path, text } of changed) tree.write(path, text);
  return report.result('TypeScript project references do not match the project graph.');
}

/** The references a tsconfig should have. */
interface Wanted {
  readonly config: TsConfig;
  /** tsconfig files of other projects. */
  readonly files: readonly string[];
  /** For the list of all projects: references into any project count as its own. */
  readonly all: boolean;
}

interface Dependency {
  readonly name: string;
  readonly root: string;
}

/** Projects a project depends on by code or manifest. One declared by hand (`implicitDependencies`) is no import. */
function dependenciesOf(graph: ProjectGraph, name: string): Dependency[] {
  const found = new Map<string, Dependency>();
  for (const { target, type } of graph.dependencies[name] ?? []) {
    const node = graph.nodes[target];
    if (node && type !== 'implicit' && target !== name) found.set(target, { name: target, root: node.data.root });
  }
  return [...found.values()].sort((a, b) => (a.root < b.root ? -1 : 1));
}

function wantedOf(
  root: string,
  dependencies: readonly Dependency[],
  names: readonly string[],
  read: TsConfigs,
): Wanted[] {
  const base = read(posix.join(root, 'tsconfig.json'));
  if (!base) return [];
  const found: Wanted[] = [];
  for (const name of names) {
    const config = read(posix.join(root, name));
    if (config) found.push({ config, files: filesOf(config, dependencies, [name, ...names], read), all: false });
  }
  // A tsconfig.json that only lists the others need not repeat what they say.
  const own = found.length === 0 || base.hasFiles ? filesOf(base, dependencies, [], read) : [];
  return [...found, { config: base, files: own, all: false }];
}

/** What to reference of each dependency: its tsconfig for running code, else its tsconfig.json; only composite ones. */
function filesOf(
  config: TsConfig,
  dependencies: readonly Dependency[],
  names: readonly string[],
  read: TsConfigs,
): string[] {
  return dependencies.flatMap(({ name, root }) => {
    if (config.ignoredDependencies.includes(name)) return [];
    const candidates = [...names, 'tsconfig.json'].flatMap((file) => read(posix.join(root, file)) ?? []);
    // The first that is there decides, as for `@nx/js`: another one may build something else.
    const [first] = candidates;
    return first?.composite ? [first.path] : [];
  });
}

function compositesBelow(roots: Iterable<string>, read: TsConfigs): string[] {
  return [...roots]
    .filter((root) => root !== '.')
    .flatMap((root) => read(posix.join(root, 'tsconfig.json')) ?? [])
    .filter(({ composite, references }) => composite || references.length > 0)
    .map(({ path }) => path)
    .sort();
}

interface Plan {
  /** Indices of references to remove. */
  readonly remove: readonly number[];
  /** References to add, as they are written. */
  readonly add: readonly string[];
  /** Why, and for which tsconfig files. */
  readonly reasons: readonly (readonly [string, readonly string[]])[];
  /** Files referenced afterwards. */
  readonly after: readonly string[];
}

async function planOf(
  tree: Tree,
  config: TsConfig,
  files: readonly string[],
  roots: ReadonlyMap<string, string>,
  read: TsConfigs,
  all: boolean,
): Promise<Plan> {
  const owner = ownerOf(config.path, roots);
  const [kept, remove] = [new Set<string>(), [] as number[]];
  const [stale, twice]: [string[], string[]] = [[], []];
  const doubtful: { index: number; file: string }[] = [];
  for (const [index, reference] of config.references.entries()) {
    const file = referencedFile(config.path, reference);
    if (kept.has(file) || doubtful.some((other) => other.file === file)) {
      remove.push(index);
      twice.push(file);
    } else if (config.ignoredReferences.includes(reference) || files.includes(file)) {
      kept.add(file);
    } else if (read(file) && (all || ['', owner].includes(ownerOf(file, roots)))) {
      // Its own other half, such as tsconfig.spec.json, or a file that belongs to no project.
      kept.add(file);
    } else {
      doubtful.push({ index, file });
    }
  }
  const ignored = await ignoredByGit(
    tree.root,
    doubtful.map(({ file }) => file),
  );
  for (const { index, file } of doubtful) {
    if (ignored.has(file)) {
      kept.add(file);
    } else {
      remove.push(index);
      stale.push(file);
    }
  }
  const missing = files.filter((file) => !kept.has(file));
  const style = config.references.some((reference) => reference.endsWith('.json'));
  return {
    remove,
    add: missing.map((file) => written(config, file, style)),
    reasons: (
      [
        ['Missing references', missing],
        ['Stale references', stale],
        ['Duplicate references', twice],
      ] as const
    ).filter(([, paths]) => paths.length > 0),
    after: [...kept, ...missing],
  };
}

/** A reference as its file writes them: a folder for its tsconfig.json, unless the file names files. */
function written(config: TsConfig, file: string, named: boolean): string {
  const target = !named && posix.basename(file) === 'tsconfig.json' ? posix.dirname(file) : file;
  const path = posix.relative(posix.dirname(config.path), target);
  return path.startsWith('.') ? path : `./${path}`;
}

/** The project a file belongs to: that of the deepest folder. */
function ownerOf(path: string, roots: ReadonlyMap<string, string>): string {
  for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) {
    const name = roots.get(folder);
    if (name !== undefined) return name;
  }
  return '';
}

/** TypeScript refuses a circle (TS6202); it is said here with the projects' files, before anything is written. */
function refuseCircle(references: ReadonlyMap<string, readonly string[]>): void {
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): void => {
    const start = above.indexOf(path);
    if (start >= 0) {
      const reason = [...above.slice(start), path].join(' -> ');
      throw new KrepisError({ ...errors.REFERENCE_CYCLE, at: { path }, reason });
    }
    if (done.has(path)) return;
    for (const next of references.get(path) ?? []) visit(next, [...above, path]);
    done.add(path);
  };
  for (const path of references.keys()) visit(path, []);
}
