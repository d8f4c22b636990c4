import { posix } from 'node:path';
import type { TargetConfiguration } from '@nx/devkit';
import type { Crate } from './cargo.ts';
import type { BufModule, Generation } from './messages.ts';
import type { TargetNames, Task } from './options.ts';
import type { NpmPackage } from './packages.ts';

/** One test runner's part of a project's `test` target. Folders are relative to the Nx root. */
export type Suite =
  | { readonly runner: 'cargo'; readonly crate: string; readonly cwd: string; readonly arguments: readonly string[] }
  | { readonly runner: 'jest' | 'vitest'; readonly cwd: string };

type Targets = Record<string, TargetConfiguration>;
type Inputs = NonNullable<TargetConfiguration['inputs']>;
type DependsOn = NonNullable<TargetConfiguration['dependsOn']>;

/** What a target needs to know beside its own manifests. */
export interface Surroundings {
  readonly names: TargetNames;
  /** Name of the project at a root, as Nx will call it. */
  readonly projectAt: (root: string) => string | undefined;
  /** Programs that are not installed; their tasks fail with what to do. */
  readonly missing: ReadonlySet<'cargo' | 'buf'>;
  /** Where cargo puts artefacts, relative to the Nx root; undefined outside of it. */
  readonly targetFolder: (workspaceRoot: string) => string | undefined;
  /** `tool` of npm packages in the lock file that TypeScript tasks run with; undefined where the lock file cannot be read. */
  readonly tools: readonly string[] | undefined;
  /** The package manager's lock file at the root. */
  readonly lockFile?: string | undefined;
  readonly packageManager: 'npm' | 'pnpm' | 'yarn' | 'bun';
  /** True with a biome.json at the root. */
  readonly biome: boolean;
  /** True where nx.json defines the named input `production`: what builds read, in the user's words. */
  readonly production: boolean;
}

/** Everything at one root; a folder with both manifests is one project. */
export interface Holding {
  /** Name of the project in Nx. */
  readonly name: string;
  readonly root: string;
  readonly crate?: CrateHolding | undefined;
  readonly npmPackage?: PackageHolding | undefined;
  readonly module?: ModuleHolding | undefined;
}

/** A crate with what its results depend on. */
export interface CrateHolding {
  readonly crate: Crate;
  /** What `cargo build` compiles, itself left out. */
  readonly build: CrateClosure;
  /** What tests, benches, examples and clippy compile, itself left out. */
  readonly all: CrateClosure;
  /** Projects of the TypeScript packages that its binaries, or those of its closure, start. */
  readonly started: readonly string[];
  /** Those, and everything below them. */
  readonly runs: readonly string[];
  /** An external package of it, or of a crate below, whose version no lock file says. */
  readonly unlocked?: Crate['unlocked'];
  /** True where an npm package builds it as its addon. */
  readonly packaged: boolean;
}

/** Crates below a crate. */
export interface CrateClosure {
  /** Their projects. */
  readonly projects: readonly string[];
  /** Nodes of external packages that any of them, or the crate itself, names: `cargo:NAME@VERSION`. */
  readonly externals: readonly string[];
  /** Further globs from `[package.metadata.nx] inputs`, relative to the Nx root. */
  readonly inputs: readonly string[];
  /** Tasks that write sources any of them compiles. */
  readonly generated: DependsOn;
}

/** A package with what its results depend on. */
export interface PackageHolding {
  readonly npmPackage: NpmPackage;
  /** The crate its addon is built from, which may lie elsewhere. */
  readonly addonCrate?: CrateHolding | undefined;
  /** True where its closure holds a crate: its tests then depend on what that crate's build leaves. */
  readonly native: boolean;
  /** True where its closure holds an addon: its types are those that the addon's build declares. */
  readonly addons: boolean;
  /** Projects of the packages it depends on directly. */
  readonly packages: readonly string[];
  /** True where it depends on a crate directly, or shares a folder with one. */
  readonly mixed: boolean;
  /** Tasks that write sources of its closure. */
  readonly generated: DependsOn;
}

/** A folder of messages. */
export interface ModuleHolding {
  readonly module: BufModule;
  /** True where the buf workspace holds other modules as well. */
  readonly several: boolean;
  /** The `buf generate` that this module's project runs. */
  readonly generation?: Generation | undefined;
  /** Projects of all modules that the generation reads. */
  readonly projects: readonly string[];
  /** Crates that run as plugins. */
  readonly plugins?: CrateClosure | undefined;
}

/**
 * The targets of one project, those its files call for.
 *
 * Rust tasks run one at a time: Cargo's build lock would make them wait for each other while holding Nx's slots.
 * Their outputs are exact artefacts, never `target/`.
 */
export function inferTargets(holding: Holding, around: Surroundings): Targets {
  const targets: Targets = {};
  const set = (task: Task, target: TargetConfiguration | undefined) => {
    const name = around.names[task];
    if (name !== undefined && target !== undefined) targets[name] = withoutCommand(target);
  };
  const { crate, npmPackage, module } = holding;
  const lints: Step[] = [];
  const suites: Suite[] = [];

  if (crate) rustTargets(crate, around, set);
  if (module) messageTargets(module, around, set);
  if (npmPackage) packageTargets(holding, npmPackage, around, targets, set);

  if (crate) {
    const { name, workspaceRoot: cwd, settings } = crate.crate;
    lints.push({ command: `cargo clippy -p ${name} --all-targets -- -D warnings`, cwd });
    suites.push({ runner: 'cargo', crate: name, cwd, arguments: settings.testArguments });
  }
  if (npmPackage) {
    const { root, eslint, tests } = npmPackage.npmPackage;
    // Of a package without sources Biome may know no file.
    if (around.biome) lints.push({ command: `biome check --no-errors-on-unmatched ${root}`, cwd: '.' });
    if (eslint) lints.push({ command: 'eslint .', cwd: root });
    if (tests) suites.push({ runner: tests, cwd: root });
  }
  const dependsOn = generatedFor(holding);
  if (lints.length > 0) {
    set('lint', {
      ...steps(lints),
      cache: true,
      inputs: unique([
        ...(crate ? rustInputs(crate.crate, crate.all, around) : []),
        ...(npmPackage ? lintInputs(npmPackage, around).filter((input) => !crate || input !== NO_PROSE) : []),
      ]),
      outputs: [],
      ...(crate ? { ...oneAtATime(crate.crate), ...(dependsOn.length > 0 ? { dependsOn } : {}) } : {}),
      ...missing(crate, around),
    });
  }
  if (suites.length > 0) set('test', testTarget(holding, suites, dependsOn, around));
  // An npm package in the same folder is published by Nx's own target of that name.
  if (crate?.crate.publishable && (!npmPackage || npmPackage.npmPackage.private)) {
    targets['nx-release-publish'] = {
      executor: '@krepis/nx:release-publish',
      dependsOn: ['^nx-release-publish'],
      options: { crate: crate.crate.name },
    };
  }
  // A module of messages has a lint of its own: both, where it shares a folder with code.
  if (module && lints.length === 0) set('lint', bufLint(module, around));
  return targets;
}

function rustTargets(
  holding: CrateHolding,
  around: Surroundings,
  set: (task: Task, target: TargetConfiguration | undefined) => void,
): void {
  const { crate, build, all, packaged } = holding;
  const cwd = crate.workspaceRoot;
  const inputs = rustInputs(crate, build, around);
  const common = { cache: true, ...oneAtATime(crate) };
  const generated = (closure: CrateClosure) => (closure.generated.length > 0 ? { dependsOn: closure.generated } : {});
  const absent = missing(holding, around);
  const folder = around.targetFolder(cwd);
  // An addon is built by napi-build: a second build would compile all of it again with other flags.
  if (!packaged) {
    set('build', {
      command: cargoBuild(crate).command,
      options: { cwd, env: { ARTIFACT_FOLDER: 'debug' } },
      configurations: {
        release: { command: `cargo build -p ${crate.name} --release`, env: { ARTIFACT_FOLDER: 'release' } },
      },
      ...common,
      ...(folder === undefined && crate.artifacts.length > 0 ? { cache: false } : {}),
      inputs,
      outputs: artifactPaths(crate, around),
      ...generated(build),
      ...absent,
      metadata: { technologies: ['rust'], description: 'Compiles the crate (cargo build).' },
    });
  }
  set('check', {
    command: `cargo check -p ${crate.name} --all-targets`,
    options: { cwd },
    ...common,
    inputs: rustInputs(crate, all, around),
    outputs: [],
    ...generated(all),
    ...absent,
    metadata: { technologies: ['rust'], description: 'Type-checks the crate with its tests (cargo check).' },
  });
  set('fmt', {
    command: `cargo fmt -p ${crate.name} --check`,
    options: { cwd },
    ...common,
    inputs: [
      'default',
      ...configuration(cwd),
      at(cwd, '{rustfmt,.rustfmt}.toml'),
      toolchain(cwd),
      { externalDependencies: [] },
    ],
    outputs: [],
    ...(around.missing.has('cargo') ? absent : {}),
    metadata: { technologies: ['rust'], description: 'Checks the formatting (cargo fmt --check).' },
  });
  if (crate.benches) {
    set('bench', {
      command: `cargo bench -p ${crate.name}`,
      options: { cwd },
      // A measurement is of this moment.
      cache: false,
      ...oneAtATime(crate),
      inputs: rustInputs(crate, all, around),
      outputs: [],
      ...generated(all),
      ...absent,
      metadata: { technologies: ['rust'], description: 'Runs the benchmarks (cargo bench).' },
    });
  }
}

function packageTargets(
  { name, root, crate }: Holding,
  holding: PackageHolding,
  around: Surroundings,
  targets: Targets,
  set: (task: Task, target: TargetConfiguration | undefined) => void,
): void {
  const { npmPackage, addonCrate, generated, mixed, packages } = holding;
  const { build, scripts, addon } = npmPackage;
  const { names } = around;
  // `^build` would also compile the crates by themselves, with other flags than the addon's own build.
  const upstream: DependsOn = names.build
    ? mixed
      ? packages.length > 0
        ? [{ projects: [...packages], target: names.build }]
        : []
      : [`^${names.build}`]
    : [];
  const native: DependsOn = addon && names.napiBuild ? [names.napiBuild] : [];

  if (addon && addonCrate) addonTargets(holding, addonCrate, upstream, around, targets, set);
  if (build) {
    const compile = { command: `tsc -p ${build.config}`, cwd: root };
    // A crate in the same folder that is no addon: its build and this one are the project's.
    const beside = crate && !crate.packaged && !build.script ? crate : undefined;
    set('build', {
      ...(build.script ? {} : steps([...(beside ? [cargoBuild(beside.crate)] : []), compile])),
      cache: true,
      dependsOn: unique([...upstream, ...native, ...generated] as Inputs) as DependsOn,
      inputs: unique([
        ...typescriptInputs(holding, around, beside !== undefined),
        ...(beside ? rustInputs(beside.crate, beside.build, around) : []),
      ]),
      outputs: [
        `{workspaceRoot}/${build.output}`,
        ...(beside
          ? artifactPaths(beside.crate, around).map(
              (path) => `${path.replace('{options.env.ARTIFACT_FOLDER}', 'debug')}`,
            )
          : []),
      ],
      ...(beside ? { ...oneAtATime(beside.crate), ...missing(beside, around) } : {}),
      metadata: { technologies: ['typescript'], description: 'Compiles the package (tsc).' },
    });
  } else if (addon && addon.script !== names.build) {
    // What the script writes cannot be known, so it is not cached; but it runs after what it needs.
    const own = scripts.build === undefined;
    set('build', {
      ...(own ? { executor: 'nx:noop', cache: true } : {}),
      dependsOn: [...upstream, ...(own ? native : []), ...generated],
    });
  } else if (scripts.build !== undefined && !addon) {
    set('build', { dependsOn: [...upstream, ...generated] });
  }
  if (npmPackage.typescript) {
    const first = [...(holding.addons ? upstream : []), ...native, ...generated];
    set('typecheck', {
      command: 'tsc --noEmit -p tsconfig.json',
      options: { cwd: root },
      cache: true,
      ...(first.length > 0 ? { dependsOn: first } : {}),
      inputs: typescriptInputs(holding, around),
      outputs: [],
      metadata: { technologies: ['typescript'], description: 'Checks the types (tsc --noEmit).' },
    });
  }
  if (!npmPackage.private) {
    const archive = `dist/packages/${name.replace('@', '').replaceAll('/', '-')}-${npmPackage.version}.tgz`;
    set('pack', {
      executor: '@krepis/nx:pack',
      options: { directory: root, archive, packageManager: around.packageManager },
      cache: true,
      dependsOn: names.build ? [names.build] : [],
      inputs: [
        'default',
        '{workspaceRoot}/{LICENSE,LICENCE,README}*',
        { dependentTasksOutputFiles: '**/*' },
        ...externalsOf(around),
      ],
      outputs: ['{workspaceRoot}/{options.archive}'],
      metadata: { description: 'Writes the npm package as a tarball.' },
    });
  }
}

/** `napi-build`, or what Nx lacks to cache the script that is one. */
function addonTargets(
  { npmPackage }: PackageHolding,
  crate: CrateHolding,
  upstream: DependsOn,
  around: Surroundings,
  targets: Targets,
  set: (task: Task, target: TargetConfiguration | undefined) => void,
): void {
  const { addon, root } = npmPackage;
  if (!addon) return;
  const { names } = around;
  const rust = rustInputs(crate.crate, crate.build, around);
  const elsewhere =
    crate.crate.root === root ? [] : [{ input: 'default', projects: around.projectAt(crate.crate.root) ?? '' }];
  const caching: TargetConfiguration = {
    cache: true,
    ...oneAtATime(crate.crate),
    inputs: unique([...rust, ...elsewhere]),
    outputs: addon.outputs.map((file) => `{workspaceRoot}/${file}`),
    ...(crate.build.generated.length > 0 ? { dependsOn: crate.build.generated } : {}),
    metadata: { technologies: ['rust', 'node'], description: 'Builds the Node-API addon (napi build).' },
  };
  const absent = missing(crate, around);
  if (addon.script !== undefined) {
    // The script is Nx's own target of that name; this adds what Nx cannot know.
    const isBuild = addon.script === names.build;
    targets[addon.script] = withoutCommand({
      ...caching,
      ...(isBuild ? { dependsOn: [...upstream, ...(caching.dependsOn ?? [])] } : {}),
      ...absent,
    });
    if (addon.script !== names.napiBuild)
      set('napiBuild', { executor: 'nx:noop', cache: true, dependsOn: [addon.script] });
  } else {
    set('napiBuild', { command: addon.command, options: { cwd: root }, ...caching, ...absent });
  }
}

function testTarget(
  { name, crate, npmPackage }: Holding,
  suites: readonly Suite[],
  generated: DependsOn,
  around: Surroundings,
): TargetConfiguration {
  const { names } = around;
  const native = npmPackage?.native === true && npmPackage.npmPackage.tests !== undefined;
  // Tests of what loads an addon or starts a binary need it built, and are tests of that very file.
  const built: DependsOn =
    native && names.build ? [...(npmPackage.npmPackage.addon ? [names.build] : []), `^${names.build}`] : [];
  const started: DependsOn =
    crate && crate.started.length > 0 && names.build ? [{ projects: [...crate.started], target: names.build }] : [];
  const dependsOn = unique([...generated, ...built, ...started] as Inputs) as DependsOn;
  return {
    executor: '@krepis/nx:test',
    cache: true,
    inputs: unique([
      ...(crate ? rustInputs(crate.crate, crate.all, around) : []),
      ...(crate?.crate.settings.testInputs ?? []).map((glob) => `{workspaceRoot}/${glob}`),
      ...(crate && crate.runs.length > 0 ? [{ input: 'default', projects: [...crate.runs] }] : []),
      ...(npmPackage?.npmPackage.tests ? ['default', '^default', ...rootFiles(around)] : []),
      ...(native ? [{ dependentTasksOutputFiles: '**/*', transitive: true }] : []),
    ]),
    outputs: ['{options.results}'],
    options: { suites: [...suites], results: `dist/test-results/${name.replaceAll('/', '-')}.json` },
    ...(dependsOn.length > 0 ? { dependsOn } : {}),
    ...(crate ? oneAtATime(crate.crate) : {}),
    ...missing(crate, around),
    metadata: { description: `Runs the tests (${suites.map(({ runner }) => runner).join(', ')}).` },
  };
}

function messageTargets(
  holding: ModuleHolding,
  around: Surroundings,
  set: (task: Task, target: TargetConfiguration | undefined) => void,
): void {
  const { module, several, generation, projects, plugins } = holding;
  const absent = around.missing.has('buf') ? missingTool('buf', module.file) : {};
  if (generation) {
    const own = around.projectAt(module.root) ?? '';
    const others = projects.filter((project) => project !== own);
    set('generate', {
      command: 'buf generate',
      options: { cwd: generation.root },
      cache: true,
      inputs: unique([
        '{projectRoot}/**/*.proto',
        ...(others.length > 0 ? [{ input: 'default', projects: others }] : []),
        ...configurationOf(module, generation),
        ...(plugins && plugins.projects.length > 0 ? [{ input: 'default', projects: [...plugins.projects] }] : []),
        ...(plugins ? [{ runtime: rustEnvironment('.') }] : []),
        ...externalsOf(around, plugins?.externals),
      ]),
      outputs: generation.outputs.map((folder) => `{workspaceRoot}/${folder}`),
      ...(plugins ? { parallelism: false } : {}),
      ...absent,
      metadata: { technologies: ['protobuf'], description: 'Generates code from the messages (buf generate).' },
    });
  }
  set('breaking', {
    executor: '@krepis/nx:breaking',
    options: { directory: module.workspaceRoot, module: several ? module.root : module.workspaceRoot },
    // Compares with a commit, which no input names.
    cache: false,
    ...absent,
    metadata: {
      technologies: ['protobuf'],
      description: 'Finds changes that break readers of old messages (buf breaking).',
    },
  });
}

function bufLint({ module, several }: ModuleHolding, around: Surroundings): TargetConfiguration {
  const folder = several ? posix.relative(module.workspaceRoot, module.root) : '';
  return {
    command: folder === '' ? 'buf lint' : `buf lint ${folder}`,
    options: { cwd: module.workspaceRoot },
    cache: true,
    inputs: ['{projectRoot}/**/*.proto', ...configurationOf(module), ...externalsOf(around)],
    outputs: [],
    ...(around.missing.has('buf') ? missingTool('buf', module.file) : {}),
    metadata: { technologies: ['protobuf'], description: 'Lints the messages (buf lint).' },
  };
}

/** buf's own files that decide about a module. */
export function configurationOf({ workspaceRoot, root }: BufModule, generation?: Generation): string[] {
  const folders = [...new Set([workspaceRoot, root])];
  return [
    ...folders.map((folder) => at(folder, 'buf.{yaml,lock,work.yaml}')),
    ...(generation ? [generation.file, ...generation.programs].map((path) => `{workspaceRoot}/${path}`) : []),
  ];
}

interface Step {
  readonly command: string;
  readonly cwd: string;
}

/** One command, or several one after the other. */
function steps(all: readonly Step[]): Pick<TargetConfiguration, 'command' | 'executor' | 'options'> {
  const [first] = all;
  if (all.length === 1 && first) return { command: first.command, options: { cwd: first.cwd } };
  return {
    executor: 'nx:run-commands',
    options: { commands: all.map(({ command, cwd }) => ({ command: inFolder(command, cwd) })), parallel: false },
  };
}

/** `nx:run-commands` has one folder for all commands, so a step of several goes to its own. */
function inFolder(command: string, cwd: string): string {
  return cwd === '.' ? command : `cd ${JSON.stringify(cwd)} && ${command}`;
}

/** Everything a crate's result depends on: its closure's sources, Cargo's configuration, the tool chain, the environment. */
function rustInputs(crate: Crate, closure: CrateClosure, around: Surroundings): Inputs {
  const { workspaceRoot } = crate;
  return [
    'default',
    ...(closure.projects.length > 0 ? [{ input: 'default', projects: [...closure.projects] }] : []),
    ...[...crate.settings.inputs, ...closure.inputs].map((glob) => `{workspaceRoot}/${glob}`),
    ...configuration(workspaceRoot),
    // Names every crate in `nx affected`, and takes nothing into the hash: there its packages stand one by one.
    at(workspaceRoot, 'Cargo.lock'),
    `!${at(workspaceRoot, 'Cargo.lock')}`,
    at(workspaceRoot, '{clippy,.clippy}.toml'),
    ...(closure.generated.length > 0 ? [{ dependentTasksOutputFiles: '**/*' }] : []),
    { runtime: rustEnvironment(workspaceRoot) },
    // Without this input Nx would take every npm package of the workspace into the hash.
    { externalDependencies: crate.addon && around.tools ? closureExternals(closure, around) : [...closure.externals] },
  ];
}

function closureExternals(closure: CrateClosure, around: Surroundings): string[] {
  return [...closure.externals, ...present(around, '@napi-rs/cli')];
}

/** Cargo reads these in the workspace and in every folder above. */
function configuration(workspaceRoot: string): string[] {
  const folders = [workspaceRoot];
  for (let folder = workspaceRoot; folder !== '.'; folder = posix.dirname(folder)) folders.push(posix.dirname(folder));
  return [
    at(workspaceRoot, 'Cargo.toml'),
    ...folders.flatMap((folder) => [at(folder, '.cargo/**/*'), at(folder, 'rust-toolchain*')]),
  ];
}

function toolchain(workspaceRoot: string): { runtime: string } {
  return { runtime: `${inFolder('rustc -vV', workspaceRoot)}` };
}

/**
 * Prints what Cargo and rustc read beside files: the variables that change what they make, sorted; the configuration in
 * Cargo's home, as a checksum; the tool chain. Nx has no wildcard for variables.
 *
 * Left out is what changes no artefact: colours, the network, registries (and with them every token), Cargo's home.
 */
function rustEnvironment(workspaceRoot: string): string {
  if (process.platform === 'win32') return inFolder(WINDOWS_ENVIRONMENT, workspaceRoot);
  return inFolder(POSIX_ENVIRONMENT, workspaceRoot);
}

const RELEVANT =
  '^(CARGO_(BUILD|PROFILE|TARGET|ENCODED|UNSTABLE)_|RUSTC|RUSTFLAGS|RUSTDOCFLAGS|RUSTUP_TOOLCHAIN|CC|CXX|AR|CFLAGS|CXXFLAGS|MACOSX_DEPLOYMENT_TARGET|SDKROOT)';
const POSIX_ENVIRONMENT = `env | grep -E '${RELEVANT}[A-Za-z0-9_]*=' | LC_ALL=C sort; cat "\${CARGO_HOME:-$HOME/.cargo}"/config "\${CARGO_HOME:-$HOME/.cargo}"/config.toml 2>/dev/null | cksum; rustc -vV`;
const WINDOWS_ENVIRONMENT = `node -e "const e=process.env;for(const k of Object.keys(e).sort())if(/${RELEVANT}/.test(k))console.log(k+'='+e[k])" && rustc -vV`;

/** The files tsc reads: its sources, and JSON by `resolveJsonModule` and for the resolution of packages. */
const TSC_FILES = '**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs,json}';

function typescriptInputs(
  { addons, generated, npmPackage }: PackageHolding,
  around: Surroundings,
  withRust = false,
): Inputs {
  const own = around.production ? 'production' : 'default';
  return [
    own,
    ...(withRust ? [] : ['!{projectRoot}/**/*.{rs,md}']),
    // Of the crates below, the declarations of their addons alone count: an edit of Rust that leaves them as they are changes no type.
    around.production ? '^production' : `^{projectRoot}/${TSC_FILES}`,
    ...(addons || generated.length > 0 || npmPackage.addon
      ? [{ dependentTasksOutputFiles: '**/*.{d.ts,d.mts,d.cts,ts}', transitive: true }]
      : []),
    ...rootFiles(around),
  ];
}

/** No linter of scripts reads it; of a crate it may be a part. */
const NO_PROSE = '!{projectRoot}/**/*.md';

function lintInputs({ npmPackage }: PackageHolding, around: Surroundings): Inputs {
  return [
    'default',
    NO_PROSE,
    // Rules with types look into what is imported.
    ...(npmPackage.eslint ? [`^{projectRoot}/${TSC_FILES}`, '{workspaceRoot}/{eslint.config,.eslintrc}.*'] : []),
    ...(around.biome ? ['{workspaceRoot}/{biome.json,biome.jsonc,.gitignore}'] : []),
    ...externalsOf(around),
  ];
}

/** Files at the root that steer the tools of TypeScript packages. */
function rootFiles(around: Surroundings): Inputs {
  return [
    '{workspaceRoot}/package.json',
    '{workspaceRoot}/tsconfig*.json',
    '{workspaceRoot}/{jest,vitest}.{preset,config,workspace}.*',
    ...externalsOf(around),
  ];
}

/**
 * The npm packages of the root manifest, and further nodes. Packages a project names itself come by its edges.
 *
 * Without such an input Nx takes every external package into the hash, those of Cargo as well.
 */
function externalsOf(around: Surroundings, more: readonly string[] = []): Inputs {
  const { tools, lockFile } = around;
  return [
    { externalDependencies: [...(tools ?? []), ...more] },
    ...(tools === undefined && lockFile !== undefined ? [`{workspaceRoot}/${lockFile}`] : []),
  ];
}

function present({ tools }: Surroundings, name: string): string[] {
  return tools?.includes(name) ? [name] : [];
}

function isExternals(input: Inputs[number]): input is { externalDependencies: string[] } {
  return typeof input === 'object' && 'externalDependencies' in input;
}

function cargoBuild({ name, workspaceRoot }: Crate): Step {
  return { command: `cargo build -p ${name}`, cwd: workspaceRoot };
}

/** The exact files a build leaves, as outputs of a target whose option `env.ARTIFACT_FOLDER` names the profile's folder. */
function artifactPaths({ artifacts, workspaceRoot }: Crate, around: Surroundings): string[] {
  const folder = around.targetFolder(workspaceRoot);
  if (folder === undefined) return [];
  const windows = process.platform === 'win32';
  const files = artifacts.map(({ kind, name }) => {
    if (kind === 'bin') return windows ? `${name}.exe` : name;
    const file = name.replaceAll('-', '_');
    if (kind === 'staticlib') return windows ? `${file}.lib` : `lib${file}.a`;
    return windows ? `${file}.dll` : `lib${file}.${process.platform === 'darwin' ? 'dylib' : 'so'}`;
  });
  return files.map((file) => `{workspaceRoot}/${folder}/{options.env.ARTIFACT_FOLDER}/${file}`);
}

function oneAtATime({ settings }: Crate): { parallelism?: false } {
  return settings.parallelism === true ? {} : { parallelism: false };
}

function generatedFor({ crate, npmPackage }: Holding): DependsOn {
  return unique([...(crate?.all.generated ?? []), ...(npmPackage?.generated ?? [])] as Inputs) as DependsOn;
}

/** A task that says what is missing, in place of one that would fail with the shell's words or with results of unknown versions. */
function missing(holding: CrateHolding | undefined, around: Surroundings): Partial<TargetConfiguration> {
  if (!holding) return {};
  const { unlocked } = holding;
  const { root, workspaceRoot } = holding.crate;
  if (around.missing.has('cargo')) return missingTool('cargo', posix.join(root, 'Cargo.toml'));
  if (!unlocked) return {};
  const { path, line } = unlocked;
  const reason = `\`${unlocked.package}\` comes from a registry or git, and there is no ${posix.join(workspaceRoot, 'Cargo.lock')}`;
  return { executor: MISSING, options: { what: 'Cargo.lock', path, line, reason }, cache: false, outputs: [] };
}

function missingTool(tool: 'cargo' | 'buf', path: string): Partial<TargetConfiguration> {
  const reason = `\`${tool}\` is not on the path`;
  return { executor: MISSING, options: { what: tool, path, reason }, cache: false, outputs: [] };
}

const MISSING = '@krepis/nx:missing';

/** A target that cannot run has no command beside its executor. */
function withoutCommand(target: TargetConfiguration): TargetConfiguration {
  if (target.executor !== MISSING) return target;
  const { command: _command, configurations: _configurations, ...rest } = target;
  return rest;
}

function at(folder: string, path: string): string {
  return `{workspaceRoot}/${folder === '.' ? path : `${folder}/${path}`}`;
}

/** Without repetitions; several lists of external packages become one, since Nx takes an empty one for "none". */
function unique(inputs: Inputs): Inputs {
  const seen = new Set<string>();
  const externals = new Set<string>();
  let anyExternals = false;
  const others = inputs.filter((input) => {
    if (isExternals(input)) {
      anyExternals = true;
      for (const name of input.externalDependencies) externals.add(name);
      return false;
    }
    const key = JSON.stringify(input);
    return !seen.has(key) && seen.add(key);
  });
  return anyExternals ? [...others, { externalDependencies: [...externals] }] : others;
}
