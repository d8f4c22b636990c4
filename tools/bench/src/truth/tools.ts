/** The tools of the truth table: what a user of each writes, how each is run, and what each says it ran. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS, type Kind, type Work } from './edits.ts';
import { CRATE_DEPENDENCIES, CRATES, type Files, json, PACKAGES } from './workspace.ts';

/** A tool that builds the workspace. */
export interface Tool {
  /** Short name, part of folder names. */
  readonly id: string;
  /** Name and versions, as the table shows them. */
  readonly name: string;
  /** What it adds to the root's devDependencies. */
  readonly devDependencies: Readonly<Record<string, string>>;
  /** What its user writes. A package.json is merged with that of the workspace. */
  readonly files: Files;
  /** Folders that are members of the pnpm workspace for this tool only. */
  readonly members?: readonly string[];
  /** Path of the binary that the build of `apps/tool` leaves. */
  readonly binary: string;
  /** Its command line for these kinds of work in all projects, and the variables it is run with. */
  command(
    at: Place,
    kinds: readonly Kind[],
  ): { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> };
  /** What the run that just ended says it did. Empty if it says nothing, as after a graph that failed. */
  tasks(at: Place): Task[];
}

/** Where a tool works. */
export interface Place {
  /** Root of its copy of the workspace. */
  readonly root: string;
  /** Folder of its own for caches. */
  readonly cache: string;
}

/** A task as the tool names it. */
export interface Task {
  readonly id: string;
  /** The work it stands for; none for what nobody asked for. */
  readonly covers: readonly Work[];
  /** False if its result came from the cache. */
  readonly ran: boolean;
}

interface ProjectGraph {
  readonly nodes: Readonly<Record<string, { data: { targets: Record<string, { executor?: string }> } }>>;
}

const NX = { nx: '23.2.1', '@nx/devkit': '23.2.1' } as const;
const TURBO = '2.11.11';
const ADDON_BUILD = {
  command: 'napi build --platform',
  options: { cwd: '{projectRoot}' },
  outputs: ['{projectRoot}/*.node', '{projectRoot}/index.js', '{projectRoot}/index.d.ts'],
};
const crates = Object.entries(CRATES) as [keyof typeof CRATES, string][];
const packages = Object.entries(PACKAGES) as [keyof typeof PACKAGES, string][];

/** Folder of a project by any name a tool gives it. */
const FOLDERS: ReadonlyMap<string, string> = new Map([
  ...[...crates, ...packages].map(([folder, name]) => [name, folder] as const),
  ['@truth/addon', 'packages/native'],
  ['proto', 'proto'],
  ['@truth/proto', 'proto'],
]);

/**
 * Krepis: the plugin, and no project.json.
 *
 * @param packages - the packed packages by name: `file:` paths
 */
export function ours(packages: Readonly<Record<string, string>>): Tool {
  return {
    ...nxTool,
    id: 'ours',
    name: 'ours',
    devDependencies: { ...NX, ...packages },
    binary: 'target/debug/truth-tool',
    files: { 'nx.json': nxJson({ plugins: ['@krepis/nx'] }) },
  };
}

const nxTool = {
  command: ({ cache }: Place, kinds: readonly Kind[]) => ({
    args: [
      'node_modules/nx/dist/bin/nx.js',
      'run-many',
      '-t',
      ...kinds,
      '--parallel=1',
      '--output-style=static',
      '--nxBail=false',
    ],
    env: {
      NX_DAEMON: 'false',
      NX_TUI: 'false',
      NX_NO_CLOUD: 'true',
      // Changes nothing but time: the plugins run in this process.
      NX_ISOLATE_PLUGINS: 'false',
      NX_CACHE_DIRECTORY: join(cache, 'nx'),
      NX_WORKSPACE_DATA_DIRECTORY: join(cache, 'data'),
    },
  }),
  tasks({ cache }: Place): Task[] {
    const report = join(cache, 'nx', 'run.json');
    if (!existsSync(report)) return [];
    const { tasks } = JSON.parse(readFileSync(report, 'utf8')) as {
      tasks: { taskId: string; projectName: string; target: string; cacheStatus: string }[];
    };
    rmSync(report);
    const { nodes } = JSON.parse(readFileSync(join(cache, 'data', 'project-graph.json'), 'utf8')) as ProjectGraph;
    // A target that only stands for others does nothing: it is never a hit.
    const works = ({ projectName, target }: { projectName: string; target: string }) =>
      nodes[projectName]?.data.targets[target]?.executor !== 'nx:noop';
    return tasks.filter(works).map(({ taskId, projectName, target, cacheStatus }) => ({
      id: taskId,
      covers: covered(projectName, target),
      ran: cacheStatus === 'cache-miss',
    }));
  },
};

/**
 * @param lints - what the `lint` of the addon's package stands for
 */
function covered(
  project: string,
  target: string,
  lints: Work[] = ['packages/native#lint', 'packages/native#lint-package'],
): Work[] {
  const folder = FOLDERS.get(project);
  const kind = target === 'napi-build' ? 'build' : target;
  const known: readonly string[] = [...KINDS, 'generate'];
  if (folder === undefined || !known.includes(kind)) return [];
  // One project in Nx; two in Turborepo, where the package has Biome only.
  if (folder === 'packages/native' && kind === 'lint') {
    if (project === '@truth/addon') return lints;
    return [`${folder}#lint`];
  }
  return [`${folder}#${kind}` as Work];
}

/** Nx without a plugin: every target and every edge between crates written by hand. */
export const nxAlone: Tool = {
  ...nxTool,
  id: 'nx',
  name: `nx@${NX.nx}`,
  devDependencies: NX,
  binary: 'target/debug/truth-tool',
  files: {
    // As Nx's documentation advises: what all tasks read lies in `sharedGlobals`.
    'nx.json': nxJson({ globals: ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml'], byHand: true }),
    ...byHandFiles(),
    ...Object.fromEntries(
      crates.map(([folder, name]) => {
        const addon = folder === 'packages/native';
        const cargo = (command: string, outputs: string[] = []) => ({ command, outputs, parallelism: false });
        return [
          `${folder}/project.json`,
          json({
            name: addon ? '@truth/addon' : name,
            implicitDependencies: [
              ...CRATE_DEPENDENCIES[folder].map((dependency) => CRATES[dependency]),
              ...(folder === 'crates/wire' ? ['proto'] : []),
            ],
            targets: {
              build: {
                ...(addon
                  ? { ...ADDON_BUILD, parallelism: false }
                  : cargo(
                      `cargo build -p ${name}`,
                      folder === 'apps/tool' ? ['{workspaceRoot}/target/debug/truth-tool'] : [],
                    )),
                ...(folder === 'crates/wire' ? { dependsOn: ['^build', '^generate'] } : {}),
              },
              test: {
                ...cargo(`cargo test -p ${name}`),
                ...(folder === 'crates/wire' ? { dependsOn: ['^build', '^generate'] } : {}),
              },
              lint: {
                ...cargo(
                  `cargo clippy -p ${name} --all-targets -- -D warnings${addon ? ' && biome check packages/native' : ''}`,
                ),
                // Clippy compiles what the crate depends on, unlike Biome.
                inputs: ['default', '^production'],
                dependsOn: ['^generate'],
              },
            },
          }),
        ];
      }),
    ),
  },
};

/** Nx with @monodon/rust: the crates as its generators `library`, `binary` and `add-napi` write them; the rest by hand. */
export const monodon: Tool = {
  ...nxTool,
  id: 'monodon',
  name: `nx@${NX.nx} + @monodon/rust@3.0.0`,
  devDependencies: { ...NX, '@monodon/rust': '3.0.0' },
  binary: 'dist/target/truth-tool/debug/truth-tool',
  files: {
    'nx.json': nxJson({ plugins: ['@monodon/rust'], byHand: true }),
    ...byHandFiles(),
    ...Object.fromEntries(
      crates.map(([folder, name]) => {
        const target = (executor: string) => ({
          ...(executor === 'check' ? {} : { cache: true }),
          executor: `@monodon/rust:${executor}`,
          outputs: ['{options.target-dir}'],
          options: { 'target-dir': `dist/target/${name}` },
        });
        const generated = folder === 'crates/wire' ? { dependsOn: ['^build', '^generate'] } : {};
        const build =
          folder === 'packages/native'
            ? {
                cache: true,
                outputs: [`{workspaceRoot}/${folder}`],
                executor: '@monodon/rust:napi',
                options: { dist: folder, jsFile: 'index.js' },
              }
            : target(folder === 'apps/tool' ? 'build' : 'check');
        return [
          `${folder}/project.json`,
          json({
            name,
            projectType: folder === 'apps/tool' ? 'application' : 'library',
            sourceRoot: `${folder}/src`,
            // The plugin knows nothing of messages.
            ...(folder === 'crates/wire' ? { implicitDependencies: ['proto'] } : {}),
            targets: {
              build: { ...build, ...generated },
              test: { ...target('test'), ...generated },
              lint: { ...target('lint'), inputs: ['default', '^production'], dependsOn: ['^generate'] },
            },
          }),
        ];
      }),
    ),
  },
};

/** nx.json; with `byHand`, the defaults that a user without an inferring plugin writes. */
function nxJson({
  plugins = [],
  globals = [],
  byHand = false,
}: {
  plugins?: readonly string[];
  globals?: readonly string[];
  byHand?: boolean;
}): string {
  const defaults = {
    namedInputs: {
      sharedGlobals: [
        'tsconfig.base.json',
        'biome.json',
        'jest.preset.cjs',
        'buf.yaml',
        'buf.gen.yaml',
        ...globals,
      ].map((file) => `{workspaceRoot}/${file}`),
      default: ['{projectRoot}/**/*', 'sharedGlobals'],
      production: [
        'default',
        '!{projectRoot}/src/**/*.test.ts',
        '!{projectRoot}/jest.config.cjs',
        '!{projectRoot}/README.md',
      ],
    },
    targetDefaults: {
      build: { cache: true, dependsOn: ['^build'], inputs: ['production', '^production'] },
      test: { cache: true, dependsOn: ['^build'], inputs: ['default', '^production'] },
      typecheck: { cache: true, dependsOn: ['^build'], inputs: ['default', '^production'] },
      lint: { cache: true, inputs: ['default'] },
      generate: { cache: true, inputs: ['default'] },
    },
  };
  return json({ analytics: false, neverConnectToCloud: true, plugins, ...(byHand ? defaults : {}) });
}

/** TypeScript and messages for Nx without our plugin. */
function byHandFiles(): Files {
  const files: Record<string, string> = {
    'proto/project.json': json({
      name: 'proto',
      targets: {
        generate: {
          command: 'buf generate',
          outputs: ['{workspaceRoot}/crates/wire/src/gen', '{workspaceRoot}/packages/messages/src/gen'],
        },
        lint: { command: 'buf lint' },
      },
    }),
  };
  for (const [folder, name] of packages) {
    const generated = folder === 'packages/messages' ? { dependsOn: ['^build', '^generate'] } : {};
    const inFolder = { options: { cwd: '{projectRoot}' } };
    files[`${folder}/project.json`] = json({
      name,
      ...(folder === 'packages/messages' ? { implicitDependencies: ['proto'] } : {}),
      targets: {
        build: { command: 'tsc -p tsconfig.build.json', ...inFolder, outputs: ['{projectRoot}/dist'], ...generated },
        typecheck: { command: 'tsc --noEmit -p tsconfig.json', ...inFolder, ...generated },
        test: { command: 'jest', ...inFolder, ...generated },
        lint: { command: `biome check ${folder}` },
      },
    });
  }
  return files;
}

/**
 * Turborepo with its flag for Cargo: crates are its own, packages have scripts.
 *
 * @param edges - with the edge from the addon's package to its crate written by hand, as Turborepo's own repository does
 */
export function turbo(edges: boolean): Tool {
  const scripts = {
    build: 'tsc -p tsconfig.build.json',
    typecheck: 'tsc --noEmit -p tsconfig.json',
    test: 'jest',
    lint: 'biome check .',
  };
  const generated = { dependsOn: ['^build', '@truth/proto#generate'] };
  return {
    id: edges ? 'turbo-edges' : 'turbo',
    name: `turbo@${TURBO} with experimentalCargoWorkspaces${edges ? ', addon -> crate by hand' : ''}`,
    devDependencies: { turbo: TURBO },
    members: ['proto'],
    binary: 'target/debug/truth-tool',
    files: {
      'turbo.json': json({
        $schema: 'https://turborepo.dev/schema.json',
        futureFlags: { experimentalCargoWorkspaces: true },
        globalDependencies: ['tsconfig.base.json', 'biome.json', 'jest.preset.cjs'],
        tasks: {
          build: { dependsOn: ['^build'], outputs: ['dist/**'] },
          test: { dependsOn: ['^build'] },
          typecheck: { dependsOn: ['^build'] },
          lint: {},
          '@truth/proto#generate': {
            inputs: ['$TURBO_DEFAULT$', '$TURBO_ROOT$/buf.yaml', '$TURBO_ROOT$/buf.gen.yaml'],
            outputs: ['$TURBO_ROOT$/crates/wire/src/gen/**', '$TURBO_ROOT$/packages/messages/src/gen/**'],
          },
          '@truth/addon#build': {
            dependsOn: ['^build', ...(edges ? ['truth-native#build'] : [])],
            outputs: ['*.node', 'index.js', 'index.d.ts'],
          },
          '@truth/messages#build': { ...generated, outputs: ['dist/**'] },
          '@truth/messages#test': generated,
          '@truth/messages#typecheck': generated,
          ...Object.fromEntries(
            ['truth-wire', 'truth-tool', 'truth-workspace-crates'].flatMap((name) =>
              ['build', 'test', 'lint']
                .filter((kind) => !(name === 'truth-workspace-crates' && kind === 'build'))
                .map((kind) => [`${name}#${kind}`, { dependsOn: ['@truth/proto#generate'] }]),
            ),
          ),
        },
      }),
      'proto/package.json': json({
        name: '@truth/proto',
        version: '0.1.0',
        private: true,
        scripts: { generate: 'cd .. && buf generate', lint: 'cd .. && buf lint' },
      }),
      'packages/native/package.json': json({ scripts: { build: 'napi build --platform', lint: 'biome check .' } }),
      ...Object.fromEntries(packages.map(([folder]) => [`${folder}/package.json`, json({ scripts })])),
    },
    command: ({ cache }, kinds) => ({
      args: [
        'node_modules/turbo/bin/turbo',
        'run',
        ...kinds,
        '--summarize',
        '--concurrency=1',
        '--output-logs=errors-only',
        `--cache-dir=${join(cache, 'turbo')}`,
      ],
      env: {
        TURBO_TELEMETRY_DISABLED: '1',
        TURBO_NO_UPDATE_NOTIFIER: '1',
        // The workspace names no version of pnpm: pnpm would fetch that one at every script.
        TURBO_DANGEROUSLY_DISABLE_PACKAGE_MANAGER_CHECK: 'true',
      },
    }),
    tasks({ root }) {
      const folder = join(root, '.turbo', 'runs');
      mkdirSync(folder, { recursive: true });
      const [file] = readdirSync(folder).filter((name) => name.endsWith('.json'));
      if (file === undefined) return [];
      const summary = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
        tasks: { taskId: string; task: string; package: string; command: string; cache: { status: string } }[];
      };
      rmSync(folder, { recursive: true });
      return summary.tasks
        .filter(({ command }) => command !== '<NONEXISTENT>' && command !== '')
        .map(({ taskId, task, package: project, cache }) => ({
          id: taskId,
          // The package of the Cargo workspace runs the tests and lints of all crates at once.
          covers:
            project === 'truth-workspace-crates'
              ? crates.flatMap(([folder]) => covered(CRATES[folder], task))
              : covered(project, task, ['packages/native#lint-package']),
          ran: cache.status !== 'HIT',
        }));
    },
  };
}
