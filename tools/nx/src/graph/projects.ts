import { posix } from 'node:path';
import type { NxJsonConfiguration, ProjectConfiguration, TargetConfiguration } from '@nx/devkit';
import { parse as parseToml } from 'smol-toml';
import type { Crate } from './cargo.ts';
import { duplicate } from './cargo.ts';
import type { BufModule } from './messages.ts';
import { type PluginOptions, targetNames } from './options.ts';
import { type NpmPackage, readJson } from './packages.ts';
import type { ManifestReader } from './reader.ts';
import {
  type CrateClosure,
  type CrateHolding,
  configurationOf,
  inferTargets,
  type ModuleHolding,
  type PackageHolding,
  type Surroundings,
} from './targets.ts';
import { addonCrate, edges, ownersOf, type Workspace } from './workspace.ts';

type DependsOn = NonNullable<TargetConfiguration['dependsOn']>;

/** A project as the plugin hands it to Nx, with the manifest it comes from. */
export interface InferredProject {
  readonly file: string;
  readonly project: ProjectConfiguration;
}

/** What the machine and the repository's root say, beside the manifests. */
export interface Environment {
  readonly nxJson: NxJsonConfiguration;
  readonly options: PluginOptions;
  readonly reader: ManifestReader;
  /** Programs that are not on the path. */
  readonly missing: ReadonlySet<'cargo' | 'buf'>;
  /** Variables that move Cargo's artefacts: CARGO_TARGET_DIR, CARGO_BUILD_TARGET. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the Nx root. */
  readonly root: string;
}

/**
 * The name of the project at every root: that of project.json or of the `nx` part of a manifest, else of the npm package,
 * else of the crate, else the folder.
 *
 * Nx knows tasks by name, and a crate and a package of one name are common. The package keeps it; the crate then gets
 * `-crate` behind it, and the crate of a second Cargo workspace is called by its folder.
 *
 * @throws KrepisError KRP7015 where the names that were given collide
 */
export function projectNames(
  workspace: Workspace,
  files: ReadonlySet<string>,
  reader: ManifestReader,
): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Map<string, string>();
  const given = (root: string) => {
    const path = join(root, 'project.json');
    return files.has(path) ? readJson<{ name?: string }>(path, reader).name : undefined;
  };
  const set = (root: string, name: string, manifest: string) => {
    const other = taken.get(name);
    if (other !== undefined) throw duplicate(name, other, manifest);
    names.set(root, name);
    taken.set(name, manifest);
  };
  for (const { root, name, projectName } of workspace.packages) {
    set(root, given(root) ?? projectName ?? name, join(root, 'package.json'));
  }
  // Those with a name of their own first, so that the others make way for them.
  const crates = workspace.crates.filter(({ root }) => !names.has(root));
  const chosen = crates.map((crate) => ({ crate, name: given(crate.root) ?? crate.settings.name }));
  for (const { crate, name } of chosen) if (name !== undefined) set(crate.root, name, join(crate.root, 'Cargo.toml'));
  for (const { crate, name } of chosen) {
    if (name !== undefined) continue;
    const free = [crate.name, `${crate.name}-crate`, crate.root].find((candidate) => !taken.has(candidate));
    set(crate.root, free ?? crate.root, join(crate.root, 'Cargo.toml'));
  }
  for (const { root, file } of workspace.modules) {
    if (names.has(root)) continue;
    const folder = root === '.' ? 'messages' : root;
    set(root, given(root) ?? (taken.has(folder) ? `${folder}-messages` : folder), file);
  }
  return names;
}

/** Every project of the workspace with its targets. */
export function inferProjects(
  workspace: Workspace,
  names: ReadonlyMap<string, string>,
  environment: Environment,
): InferredProject[] {
  const around = surroundings(names, environment);
  const graph = new Closures(workspace, names, around.names.generate);
  const crates = new Map(workspace.crates.map((crate) => [crate.root, crate]));
  const packages = new Map(workspace.packages.map((npmPackage) => [npmPackage.root, npmPackage]));
  const modules = new Map(workspace.modules.map((module) => [module.root, module]));

  return [...names].map(([root, name]): InferredProject => {
    const crate = crates.get(root);
    const npmPackage = packages.get(root);
    const module = modules.get(root);
    const holding = {
      name,
      root,
      crate: crate && graph.crate(crate),
      npmPackage: npmPackage && graph.npmPackage(npmPackage),
      module: module && graph.module(module),
    };
    const tags = crate?.settings.tags ?? [];
    const inputs = ownInputs(root, module, workspace, environment.nxJson);
    return {
      file: crate ? join(root, 'Cargo.toml') : npmPackage ? join(root, 'package.json') : (module?.file ?? 'buf.yaml'),
      project: {
        root,
        name,
        ...(crate || npmPackage ? { sourceRoot: join(root, 'src') } : {}),
        ...(tags.length > 0 ? { tags: [...tags] } : {}),
        ...(inputs ? { namedInputs: { default: inputs } } : {}),
        targets: inferTargets(holding, around),
      },
    };
  });
}

/**
 * `default` of a project that holds results among its sources: an addon, generated code. They are no inputs: what they
 * are made of is.
 */
function ownInputs(
  root: string,
  module: BufModule | undefined,
  workspace: Workspace,
  nxJson: NxJsonConfiguration,
): NonNullable<ProjectConfiguration['namedInputs']>[string] | undefined {
  const outputs = [
    ...workspace.packages.flatMap(({ addon }) => addon?.outputs ?? []),
    ...workspace.generations.flatMap(({ outputs }) => outputs.map((folder) => `${folder}/**/*`)),
  ].filter((path) => path.startsWith(`${root}/`));
  const configuration = module
    ? [module].flatMap((own) => {
        const generations = workspace.generations.filter(({ modules }) => modules.includes(root));
        return [undefined, ...generations].flatMap((generation) => configurationOf(own, generation));
      })
    : [];
  if (outputs.length === 0 && configuration.length === 0) return undefined;
  const usual = nxJson.namedInputs?.default ?? ['{projectRoot}/**/*'];
  return [...usual, ...configuration, ...outputs.map((path) => `!{projectRoot}/${path.slice(root.length + 1)}`)];
}

/** What lies below a project, by language. */
class Closures {
  readonly #workspace: Workspace;
  readonly #names: ReadonlyMap<string, string>;
  readonly #generate: string | undefined;
  readonly #crates: ReadonlyMap<string, Crate>;
  readonly #edges = new Map<string, string[]>();
  readonly #roots: readonly string[];

  constructor(workspace: Workspace, names: ReadonlyMap<string, string>, generate: string | undefined) {
    this.#workspace = workspace;
    this.#names = names;
    this.#generate = generate;
    this.#crates = new Map(workspace.crates.map((crate) => [crate.root, crate]));
    this.#roots = [...names.keys()];
    for (const { source, target } of edges(workspace)) {
      const targets = this.#edges.get(source);
      if (targets) targets.push(target);
      else this.#edges.set(source, [target]);
    }
  }

  crate(crate: Crate): CrateHolding {
    const build = this.#cratesBelow(crate, false);
    const all = this.#cratesBelow(crate, true);
    const runs = [crate, ...all].flatMap(({ settings }) => settings.runs);
    return {
      crate,
      build: this.#closure(crate, build, false),
      all: this.#closure(crate, all, true),
      started: this.#named([...new Set(runs)]),
      runs: this.#named([...new Set(runs.flatMap((root) => [root, ...this.#below(root)]))]),
      unlocked: [crate, ...all].find(({ unlocked }) => unlocked)?.unlocked,
      packaged: this.#workspace.packages.some((npmPackage) => addonCrate(npmPackage, this.#workspace.crates) === crate),
    };
  }

  npmPackage(npmPackage: NpmPackage): PackageHolding {
    const { root } = npmPackage;
    const { crates, packages } = this.#workspace;
    const below = this.#below(root);
    const built = addonCrate(npmPackage, crates);
    return {
      npmPackage,
      addonCrate: built && this.crate(built),
      native: built !== undefined || [root, ...below].some((at) => this.#crates.has(at)),
      addons: packages.some(({ root: at, addon }) => addon !== undefined && below.has(at)),
      packages: this.#named(npmPackage.dependencies.map((dependency) => dependency.root)),
      mixed: built !== undefined || this.#crates.has(root),
      generated: this.#generated([root, ...below]),
    };
  }

  module(module: BufModule): ModuleHolding {
    const { modules, generations, crates } = this.#workspace;
    // A generation over several modules is a task of the first.
    const generation = generations.find((candidate) => candidate.modules[0] === module.root);
    const plugins = crates.filter(({ name }) => generation?.crates.includes(name));
    return {
      module,
      several: modules.filter(({ workspaceRoot }) => workspaceRoot === module.workspaceRoot).length > 1,
      generation,
      projects: this.#named(generation?.modules ?? []),
      plugins: plugins.length > 0 ? this.#pluginClosure(plugins) : undefined,
    };
  }

  #pluginClosure(plugins: readonly Crate[]): CrateClosure {
    const all = new Set(plugins.flatMap((crate) => [crate, ...this.#cratesBelow(crate, false)]));
    return {
      projects: this.#named([...all].map(({ root }) => root)),
      externals: sorted([...all].flatMap(builtWith)),
      inputs: [],
      generated: [],
    };
  }

  #closure(crate: Crate, below: readonly Crate[], withDev: boolean): CrateClosure {
    const own = withDev ? crate.externals.map(({ node }) => node) : builtWith(crate);
    return {
      projects: this.#named(below.map(({ root }) => root)),
      externals: sorted([...own, ...below.flatMap(builtWith)]),
      inputs: below.flatMap(({ settings }) => settings.inputs),
      generated: this.#generated([crate, ...below].map(({ root }) => root)),
    };
  }

  /** Dev dependencies of a crate count for its own tests, never those of the crates below. */
  #cratesBelow(crate: Crate, withDev: boolean): Crate[] {
    const found = new Set<Crate>();
    const queue = crate.dependencies.filter(({ kind }) => withDev || kind === 'build');
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const other = this.#crates.get(next.root);
      if (!other || found.has(other) || other === crate) continue;
      found.add(other);
      queue.push(...other.dependencies.filter(({ kind }) => kind === 'build'));
    }
    return [...found].sort((a, b) => (a.root < b.root ? -1 : 1));
  }

  /** Every root below another, in any language. */
  #below(root: string): Set<string> {
    const found = new Set<string>();
    const queue = [root];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const target of this.#edges.get(next) ?? []) {
        if (target === root || found.has(target)) continue;
        found.add(target);
        queue.push(target);
      }
    }
    return found;
  }

  /** The `generate` tasks that write into any of the roots. */
  #generated(roots: readonly string[]): DependsOn {
    const target = this.#generate;
    if (target === undefined) return [];
    const among = new Set(roots);
    const projects = this.#workspace.generations
      .filter(({ outputs }) => ownersOf(outputs, this.#roots).some((owner) => among.has(owner)))
      .map(({ modules }) => modules[0] ?? '.');
    return projects.length === 0 ? [] : [{ projects: this.#named([...new Set(projects)]), target }];
  }

  #named(roots: readonly string[]): string[] {
    return roots.flatMap((root) => this.#names.get(root) ?? []);
  }
}

const LOCK_FILES = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
] as const;

function surroundings(names: ReadonlyMap<string, string>, environment: Environment): Surroundings {
  const { reader, nxJson, options, missing } = environment;
  const [lockFile, packageManager] = LOCK_FILES.find(([file]) => reader.exists(file)) ?? [undefined, 'npm' as const];
  const folders = new Map<string, string | undefined>();
  return {
    names: targetNames(options),
    projectAt: (root) => names.get(root),
    missing,
    targetFolder: (workspaceRoot) => {
      if (!folders.has(workspaceRoot)) folders.set(workspaceRoot, targetFolder(workspaceRoot, environment));
      return folders.get(workspaceRoot);
    },
    tools: lockFile === undefined || lockFile === 'bun.lockb' ? undefined : tools(lockFile, names, reader),
    lockFile,
    packageManager,
    biome: reader.exists('biome.json') || reader.exists('biome.jsonc'),
    production: nxJson.namedInputs?.production !== undefined,
  };
}

/** Packages of the root manifest that the lock file knows; Nx refuses names it has no node for. */
function tools(lockFile: string, names: ReadonlyMap<string, string>, reader: ManifestReader): string[] {
  if (!reader.exists('package.json')) return [];
  const json = readJson<Record<'dependencies' | 'devDependencies', Record<string, string> | undefined>>(
    'package.json',
    reader,
  );
  const lock = reader.read(lockFile);
  const projects = new Set(names.values());
  return Object.entries({ ...json.dependencies, ...json.devDependencies })
    .filter(([name, version]) => !projects.has(name) && !/^(?:workspace|link|file|portal):/.test(version))
    .map(([name]) => name)
    .filter(
      (name) => lock.includes(`${name}@`) || lock.includes(`node_modules/${name}"`) || lock.includes(`"${name}":`),
    )
    .sort();
}

/** CARGO_TARGET_DIR, else `build.target-dir`, else `target`; with the folder of the target triple, where one is set. */
function targetFolder(workspaceRoot: string, { reader, variables, root }: Environment): string | undefined {
  let folder: string | undefined;
  let triple = variables.CARGO_BUILD_TARGET;
  if (variables.CARGO_TARGET_DIR !== undefined) {
    folder = posix.relative(root, posix.resolve(join(root, workspaceRoot), variables.CARGO_TARGET_DIR));
  }
  for (let at = workspaceRoot; ; at = posix.dirname(at)) {
    const path = ['config.toml', 'config']
      .map((name) => join(at, `.cargo/${name}`))
      .find((file) => reader.exists(file));
    if (path !== undefined) {
      const { build } = configurationOfCargo(reader.read(path));
      // Relative to the folder that holds `.cargo`.
      if (folder === undefined && build?.['target-dir'] !== undefined) folder = posix.join(at, build['target-dir']);
      if (triple === undefined && typeof build?.target === 'string') triple = build.target;
    }
    if (at === '.') break;
  }
  const found = posix.join(folder ?? join(workspaceRoot, 'target'), triple ?? '');
  return found.startsWith('..') || found.startsWith('/') ? undefined : found.replace(/\/$/, '');
}

function configurationOfCargo(text: string): { build?: { 'target-dir'?: string; target?: unknown } } {
  try {
    return parseToml(text) as { build?: { 'target-dir'?: string; target?: unknown } };
  } catch {
    // Cargo itself says what is wrong with it, at the first task.
    return {};
  }
}

/** Nodes of the external packages that a crate's library and binaries are compiled with. */
function builtWith({ externals }: Crate): string[] {
  return externals.flatMap(({ node, kind }) => (kind === 'build' ? [node] : []));
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

function join(root: string, path: string): string {
  return root === '.' ? path : `${root}/${path}`;
}
