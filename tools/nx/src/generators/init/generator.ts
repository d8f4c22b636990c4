import { createRequire } from 'node:module';
import { join, posix } from 'node:path';
import {
  detectPackageManager,
  type GeneratorCallback,
  globAsync,
  installPackagesTask,
  logger,
  type Tree,
} from '@nx/devkit';
import { readJsonText, setJson } from '../../edit/json.ts';
import { errors, KrepisError } from '../../errors.ts';
import { applyToTree } from '../../krepis/change-set.ts';
import { type Krepis, krepis } from '../../krepis/cli.ts';
import { record } from '../../krepis/record.ts';
import { lostSuites } from './verify.ts';

/** Options of `nx g @krepis/nx:init`, which `nx add @krepis/nx` runs; see schema.json. */
export interface InitOptions {
  readonly inferTasks?: boolean;
  readonly release?: boolean;
  readonly skipPackageJson?: boolean;
  readonly skipInstall?: boolean;
}

/** What a workspace needs beside `@krepis/nx`: the command, and the package that makes `@krepis:KIND` resolve. */
const COMPANIONS = ['@krepis/cli', '@krepis/package.json'] as const;

/** Files that an installation rewrites, by package manager. */
const LOCK_FILES = {
  npm: ['package-lock.json'],
  pnpm: ['pnpm-lock.yaml', 'pnpm-workspace.yaml'],
  yarn: ['yarn.lock'],
  bun: ['bun.lock', 'bun.lockb'],
} as const;

/**
 * Sets Krepis up in an Nx workspace, as one operation that `krepis undo` takes back: the companions as direct dev
 * dependencies (strict node_modules hide those of `@krepis/nx`), the plugin and the sync generators in nx.json, and
 * krepis.json as `krepis init` proposes it. What is there stays; a second run changes nothing.
 *
 * @throws KrepisError KRP7050 without nx.json; KRP7051 if nx.json or package.json cannot be read; what krepis reports
 */
export default async function init(tree: Tree, options: InitOptions, cli?: Krepis): Promise<GeneratorCallback> {
  if (!tree.exists('nx.json')) throw new KrepisError({ ...errors.NO_NX, at: { path: 'nx.json' } });
  const added = options.skipPackageJson !== true && addCompanions(tree);
  await editNxJson(tree, options);
  const master = cli ?? krepis(tree.root);
  if (!tree.exists('krepis.json')) applyToTree(tree, '.', await master.init(tree.root));
  const install = added && options.skipInstall !== true;
  const also = install ? lockFiles(tree.root) : [];
  const close = await record(tree, { generator: 'init', title: 'nx add @krepis/nx', also }, master);
  return async () => {
    try {
      if (install) installPackagesTask(tree, true);
    } finally {
      await close?.();
    }
    if (close && install) {
      const { name } = packageManager(tree.root);
      logger.info(`\`krepis undo\` takes this back; then \`${name} install\` mends node_modules.`);
    }
    for (const warning of await lostSuites(tree.root)) logger.warn(warning);
    if (tree.read('nx.json', 'utf8')?.includes('"@monodon/rust"')) {
      logger.info('`nx g @krepis/nx:migrate-from-monodon` takes @monodon/rust out and keeps what its targets do.');
    }
  };
}

/** Lock files that an installation in this workspace rewrites. */
export function lockFiles(root: string): readonly string[] {
  return packageManager(root).files;
}

function packageManager(root: string): { readonly name: string; readonly files: readonly string[] } {
  const name = detectPackageManager(root);
  return { name, files: LOCK_FILES[name] ?? [] };
}

interface NxJson {
  readonly plugins?: readonly (string | { readonly plugin: string })[];
  readonly sync?: { readonly globalGenerators?: readonly string[] };
  readonly release?: {
    readonly projectsRelationship?: string;
    readonly version?: { readonly versionActions?: string };
  };
}

/**
 * Registers the plugin and its sync generators in nx.json, text by text.
 *
 * The plugin goes first: of two targets with one name Nx takes the later one, and what was set up before (other plugins,
 * package.json scripts, project.json) is to win.
 */
export async function editNxJson(tree: Tree, options: Pick<InitOptions, 'inferTasks' | 'release'>): Promise<void> {
  const before = tree.read('nx.json', 'utf8') ?? '';
  const json = readJsonText<NxJson>('nx.json', before);
  const found = await holdings(tree);
  let text = before;
  if (options.inferTasks !== false && (found.crates || found.messages || found.packages)) {
    const there = (json.plugins ?? []).some((entry) => (typeof entry === 'string' ? entry : entry.plugin) === PLUGIN);
    if (!there) text = setJson(text, json.plugins ? ['plugins', 0] : ['plugins'], json.plugins ? PLUGIN : [PLUGIN]);
  }
  const generators = json.sync?.globalGenerators ?? [];
  const missing = syncGenerators(tree.root, before, found).filter((name) => !generators.includes(name));
  if (options.inferTasks !== false && missing.length > 0) {
    text = setJson(text, ['sync', 'globalGenerators'], [...generators, ...missing]);
  }
  if (options.release === true && json.release?.version?.versionActions === undefined) {
    if (json.release?.projectsRelationship === undefined)
      text = setJson(text, ['release', 'projectsRelationship'], 'fixed');
    text = setJson(text, ['release', 'version', 'versionActions'], `${PLUGIN}/release`);
  }
  if (text !== before) tree.write('nx.json', text);
}

const PLUGIN = '@krepis/nx';

interface Holdings {
  /** A Cargo.toml anywhere. */
  readonly crates: boolean;
  /** A Cargo workspace at the Nx root. */
  readonly cargoWorkspace: boolean;
  readonly messages: boolean;
  /** A buf.gen.yaml at the Nx root. */
  readonly generatedMessages: boolean;
  /** A TypeScript package below the root. */
  readonly packages: boolean;
  /** A tsconfig that others refer to (`composite`). */
  readonly references: boolean;
  /** A package with a napi-rs addon. */
  readonly addons: boolean;
}

async function holdings(tree: Tree): Promise<Holdings> {
  const files = await globAsync(tree, ['**/{Cargo.toml,buf.yaml,buf.gen.yaml,package.json,tsconfig*.json}']);
  const named = (name: string) => files.filter((file) => posix.basename(file) === name);
  const tsconfigs = new Set(named('tsconfig.json').map((file) => posix.dirname(file)));
  const manifests = named('package.json').filter((file) => file !== 'package.json');
  const text = (file: string) => tree.read(file, 'utf8') ?? '';
  return {
    crates: named('Cargo.toml').length > 0,
    cargoWorkspace: files.includes('Cargo.toml') && /^\s*\[workspace[\].]/m.test(text('Cargo.toml')),
    messages: named('buf.yaml').length > 0,
    generatedMessages: files.includes('buf.gen.yaml'),
    packages: manifests.some((file) => tsconfigs.has(posix.dirname(file))),
    references: files.some(
      (file) => /^tsconfig[^/]*\.json$/.test(posix.basename(file)) && /"composite"\s*:\s*true/.test(text(file)),
    ),
    addons: manifests.some((file) => /"napi"\s*:\s*\{/.test(text(file))),
  };
}

/** The sync generators whose inputs exist; one that this version of the plugin does not have would break `nx sync`. */
function syncGenerators(root: string, nxJson: string, found: Holdings): string[] {
  const wanted = [
    ...(found.cargoWorkspace ? ['sync-crates'] : []),
    ...(found.addons ? ['sync-platforms'] : []),
    ...(found.generatedMessages ? ['sync-messages'] : []),
    // The plugin of @nx/js brings its own for the same files.
    ...(found.references && !nxJson.includes('@nx/js/typescript') ? ['sync-tsconfig'] : []),
  ];
  const { generators } = ownFile<{ generators: object }>(root, 'generators.json');
  return wanted.filter((name) => name in generators).map((name) => `${PLUGIN}:${name}`);
}

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function addCompanions(tree: Tree): boolean {
  const before = tree.read('package.json', 'utf8');
  // Nx without a package.json keeps its plugins in .nx/installation.
  if (before === null) return false;
  const json = readJsonText<PackageJson>('package.json', before);
  const there = { ...json.dependencies, ...json.devDependencies };
  const versions = companionVersions(tree.root);
  const missing = COMPANIONS.flatMap((name) => {
    const version = versions[name];
    return name in there || version === undefined ? [] : [[name, version] as const];
  });
  if (missing.length === 0) return false;
  const add = (text: string, [name, version]: readonly [string, string]) =>
    setJson(text, ['devDependencies', name], version, true);
  tree.write('package.json', missing.reduce(add, before));
  return true;
}

/** The versions (or tarballs) that the installed `@krepis/nx` itself asks for. */
function companionVersions(root: string): Readonly<Record<string, string>> {
  return ownFile<{ dependencies?: Record<string, string> }>(root, 'package.json').dependencies ?? {};
}

/** A JSON file of the `@krepis/nx` that the workspace installed. */
function ownFile<T>(root: string, name: string): T {
  return createRequire(join(root, 'package.json'))(`${PLUGIN}/${name}`) as T;
}
