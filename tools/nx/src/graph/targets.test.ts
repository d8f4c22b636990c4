import { infer } from './infer.ts';
import type { PluginOptions } from './options.ts';
import { inferProjects, projectNames } from './projects.ts';
import { memoryReader } from './reader.ts';
import { readWorkspace } from './workspace.ts';

const LOCK = `version = 4
[[package]]
name = "acme-leaf"
version = "1.0.0"
dependencies = ["itoa"]
[[package]]
name = "acme-top"
version = "1.0.0"
dependencies = ["acme-leaf", "cfg-if"]
[[package]]
name = "itoa"
version = "1.0.0"
source = "registry+x"
checksum = "1"
[[package]]
name = "cfg-if"
version = "1.0.4"
source = "registry+x"
checksum = "2"
`;
const json = (value: unknown) => JSON.stringify(value);

/** leaf <- top (a binary); leaf <- native (an addon, one folder) <- core <- app; messages -> gen (both languages in one folder). */
const FILES: Record<string, string> = {
  'package.json': json({
    workspaces: ['libs/*'],
    devDependencies: { typescript: '6', '@napi-rs/cli': '3', gone: '1' },
  }),
  'pnpm-lock.yaml': 'packages:\n  typescript@6.0.3: {}\n  "@napi-rs/cli@3.0.0": {}\n',
  'biome.json': '{}',
  'Cargo.toml': '[workspace]\nmembers = ["crates/*", "libs/native", "libs/gen"]',
  'Cargo.lock': LOCK,
  'crates/leaf/Cargo.toml': '[package]\nname = "acme-leaf"\nversion = "1.0.0"\n[dependencies]\nitoa = "1"',
  'crates/leaf/benches/b.rs': '',
  'crates/top/Cargo.toml':
    '[package]\nname = "acme-top"\nversion = "1.0.0"\n[dependencies]\nacme-leaf = { path = "../leaf" }\ncfg-if = "1"\n[dev-dependencies]\nacme-testing = { path = "../testing" }\n[package.metadata.nx]\ntest-args = ["--all-features"]\ntest-inputs = ["../../fixtures/**"]\ninputs = ["../../words.txt"]',
  'crates/top/src/main.rs': '',
  'crates/testing/Cargo.toml': '[package]\nname = "acme-testing"',
  'libs/native/Cargo.toml':
    '[package]\nname = "acme-native"\n[lib]\ncrate-type = ["cdylib"]\n[dependencies]\nacme-leaf = { path = "../../crates/leaf" }\nnapi = { path = "../../crates/testing", package = "napi" }',
  'libs/native/package.json': json({ name: '@acme/native', version: '1.0.0', napi: { binaryName: 'native' } }),
  'libs/core/package.json': json({ name: '@acme/core', version: '1.0.0', dependencies: { '@acme/native': '1.0.0' } }),
  'libs/core/tsconfig.json': '{}',
  'libs/core/tsconfig.build.json': '{}',
  'libs/core/jest.config.cjs': '',
  'libs/web/package.json': json({ name: '@acme/web', private: true }),
  'libs/web/tsconfig.json': '{}',
  'libs/web/tsconfig.build.json': '{ "compilerOptions": { "outDir": "out" } }',
  'libs/web/vitest.config.ts': '',
  'buf.yaml': 'version: v2\nmodules:\n  - path: proto\n',
  'buf.gen.yaml':
    'version: v2\nplugins:\n  - local: x\n    out: libs/gen/src/gen\n  - local: y\n    out: libs/gen/ts/gen\n',
  'libs/gen/Cargo.toml': '[package]\nname = "acme-gen"',
  'libs/gen/package.json': json({ name: '@acme/gen', private: true }),
  'libs/gen/tsconfig.json': '{}',
  'libs/gen/tsconfig.build.json': '{}',
};

function projects(
  files = FILES,
  options: PluginOptions = {},
  more: { missing?: ('cargo' | 'buf')[]; env?: object } = {},
) {
  const reader = memoryReader(files);
  const paths = Object.keys(files);
  const workspace = readWorkspace(paths, options, reader);
  const environment = {
    nxJson: {},
    options,
    reader,
    missing: new Set(more.missing ?? []),
    variables: { ...more.env },
    root: '/work',
  };
  const found = inferProjects(workspace, projectNames(workspace, new Set(paths), reader), environment);
  return Object.fromEntries(found.map(({ project }) => [project.name ?? '', project]));
}

const targets = (name: string, ...rest: Parameters<typeof projects>) => projects(...rest)[name]?.targets ?? {};
const externals = (inputs: readonly unknown[] | undefined) =>
  inputs?.flatMap((input) => (input as { externalDependencies?: string[] }).externalDependencies ?? []);

test('a crate: what its files call for, one task at a time, exact artefacts', () => {
  const found = targets('acme-top');
  expect(Object.keys(found).sort()).toEqual(['build', 'check', 'fmt', 'lint', 'nx-release-publish', 'test']);
  delete found['nx-release-publish'];
  expect(Object.values(found).every(({ parallelism }) => parallelism === false)).toBe(true);
  expect(found.build).toMatchObject({
    command: 'cargo build -p acme-top',
    options: { cwd: '.', env: { ARTIFACT_FOLDER: 'debug' } },
    outputs: ['{workspaceRoot}/target/debug/acme-top'.replace('debug', '{options.env.ARTIFACT_FOLDER}')],
    configurations: { release: { command: 'cargo build -p acme-top --release', env: { ARTIFACT_FOLDER: 'release' } } },
  });
  // Cargo builds what it needs by itself.
  expect(found.build?.dependsOn).toBeUndefined();
  expect(targets('acme-leaf').bench).toMatchObject({ command: 'cargo bench -p acme-leaf', cache: false });
});

test('a crate: its build depends on the crates it compiles and their external packages, its tests on dev dependencies as well', () => {
  const { build, test: tests } = targets('acme-top');
  expect(build?.inputs).toEqual(
    expect.arrayContaining([
      'default',
      { input: 'default', projects: ['acme-leaf'] },
      '{workspaceRoot}/words.txt',
      '{workspaceRoot}/Cargo.toml',
      '{workspaceRoot}/.cargo/**/*',
      '{workspaceRoot}/rust-toolchain*',
      { runtime: expect.stringContaining('rustc -vV') },
    ]),
  );
  expect(externals(build?.inputs)).toEqual(['cargo:cfg-if@1.0.4', 'cargo:itoa@1.0.0']);
  expect(tests?.inputs).toContainEqual({ input: 'default', projects: ['acme-leaf', 'acme-testing'] });
  expect(tests?.inputs).toContain('{workspaceRoot}/fixtures/**');
  expect(tests?.options.suites).toEqual([
    { runner: 'cargo', crate: 'acme-top', cwd: '.', arguments: ['--all-features'] },
  ]);
});

test('Cargo.lock names the crate in `nx affected`, and is not hashed as a file', () => {
  const { inputs } = targets('acme-top').build ?? {};
  expect(inputs).toContain('{workspaceRoot}/Cargo.lock');
  expect(inputs).toContain('!{workspaceRoot}/Cargo.lock');
});

test('an addon: napi-build with exact outputs, no second compilation, and its results are no inputs', () => {
  const project = projects()['@acme/native'];
  const { build, 'napi-build': napi } = project?.targets ?? {};
  expect(napi).toMatchObject({ command: 'napi build --platform', options: { cwd: 'libs/native' }, parallelism: false });
  expect(napi?.outputs).toEqual([
    expect.stringMatching(/^\{workspaceRoot\}\/libs\/native\/native\.[a-z0-9-]+\.node$/),
    '{workspaceRoot}/libs/native/index.js',
    '{workspaceRoot}/libs/native/index.d.ts',
  ]);
  expect(externals(napi?.inputs)).toEqual(['cargo:itoa@1.0.0', '@napi-rs/cli']);
  expect(build).toMatchObject({ executor: 'nx:noop', cache: true, dependsOn: ['napi-build'] });
  expect(project?.namedInputs?.default).toEqual(
    expect.arrayContaining(['{projectRoot}/**/*', '!{projectRoot}/index.js', '!{projectRoot}/index.d.ts']),
  );
});

test('scripts of an addon: one that is exactly `napi build` is cached under its own name, others are left to the user', () => {
  const scripted = (scripts: object) =>
    targets('@acme/native', {
      ...FILES,
      'libs/native/package.json': json({ name: '@acme/native', napi: { name: 'old' }, scripts }),
    });
  const whole = scripted({ build: 'napi build --release --platform --js false' });
  expect(whole.build).toMatchObject({ cache: true });
  expect(whole.build?.command).toBeUndefined();
  expect(whole.build?.outputs).toEqual([
    expect.stringMatching(/libs\/native\/old\..*\.node$/),
    '{workspaceRoot}/libs/native/index.d.ts',
  ]);
  expect(whole['napi-build']).toEqual({ executor: 'nx:noop', cache: true, dependsOn: ['build'] });
  const moved = scripted({ build: 'napi build --platform', postbuild: 'mv *.node ../x' });
  expect(moved.build?.cache).toBeUndefined();
  const compound = scripted({ build: 'napi build --platform && node fix.js' });
  expect(compound.build).toEqual({ dependsOn: [] });
  expect(compound['napi-build']).toMatchObject({ command: 'napi build --platform' });
  // Of two that are nothing but a build the one counts that `build` runs.
  for (const run of ['npm run', 'pnpm', 'pnpm run --silent', 'yarn run']) {
    const chosen = scripted({
      'build:debug': 'napi build --platform',
      'build:addon': 'napi build --platform --release',
      build: `${run} build:addon && tsc`,
    });
    expect(chosen['napi-build']).toEqual({ executor: 'nx:noop', cache: true, dependsOn: ['build:addon'] });
  }
});

test('what loads an addon: types by its declarations, tests by the very file', () => {
  const found = targets('@acme/core');
  expect(found.build).toMatchObject({ command: 'tsc -p tsconfig.build.json', dependsOn: ['^build'] });
  expect(found.build?.inputs).not.toContain('^default');
  expect(found.build?.inputs).toContainEqual({
    dependentTasksOutputFiles: '**/*.{d.ts,d.mts,d.cts,ts}',
    transitive: true,
  });
  expect(found.typecheck?.dependsOn).toEqual(['^build']);
  expect(found.test?.dependsOn).toEqual(['^build']);
  expect(found.test?.inputs).toEqual(
    expect.arrayContaining(['default', '^default', { dependentTasksOutputFiles: '**/*', transitive: true }]),
  );
  expect(found.pack).toMatchObject({
    executor: '@krepis/nx:pack',
    options: { archive: 'dist/packages/acme-core-1.0.0.tgz', packageManager: 'pnpm' },
    dependsOn: ['build'],
  });
});

test('a TypeScript package alone: no Rust, no pack where it is private, only the npm tools the lock file knows', () => {
  const found = targets('@acme/web');
  expect(Object.keys(found).sort()).toEqual(['build', 'lint', 'test', 'typecheck']);
  expect(found.build?.outputs).toEqual(['{workspaceRoot}/libs/web/out']);
  expect(found.test?.options.suites).toEqual([{ runner: 'vitest', cwd: 'libs/web' }]);
  expect(found.test?.parallelism).toBeUndefined();
  expect(externals(found.build?.inputs)).toEqual(['@napi-rs/cli', 'typescript']);
});

test('messages: generate before everything that compiles its code, and generated code is no input', () => {
  const all = projects();
  expect(all.proto?.targets?.generate).toMatchObject({
    command: 'buf generate',
    outputs: ['{workspaceRoot}/libs/gen/src/gen', '{workspaceRoot}/libs/gen/ts/gen'],
  });
  expect(all.proto?.targets?.lint).toMatchObject({ command: 'buf lint' });
  expect(all.proto?.targets?.breaking).toMatchObject({ executor: '@krepis/nx:breaking', cache: false });
  const gen = all['@acme/gen'];
  expect(gen?.namedInputs?.default).toEqual(
    expect.arrayContaining(['!{projectRoot}/src/gen/**/*', '!{projectRoot}/ts/gen/**/*']),
  );
  const generated = [{ projects: ['proto'], target: 'generate' }];
  for (const task of ['build', 'check', 'lint', 'test', 'typecheck']) {
    expect([task, gen?.targets?.[task]?.dependsOn]).toEqual([task, generated]);
  }
  // One project of two languages: both are built.
  expect(gen?.targets?.build?.options.commands).toEqual([
    { command: 'cargo build -p acme-gen' },
    { command: 'cd "libs/gen" && tsc -p tsconfig.build.json' },
  ]);
  expect(all.proto?.namedInputs?.default).toEqual(expect.arrayContaining(['{workspaceRoot}/buf.gen.yaml']));
});

test('a Cargo workspace further down, and where artefacts are moved to', () => {
  const files = {
    'rust/Cargo.toml': '[workspace]\nmembers = ["a"]',
    'rust/a/Cargo.toml': '[package]\nname = "a"',
    'rust/a/src/main.rs': '',
  };
  const outputs = (more: Record<string, string>, env = {}) =>
    targets('a', { ...files, ...more }, {}, { env }).build?.outputs;
  expect(outputs({})).toEqual(['{workspaceRoot}/rust/target/{options.env.ARTIFACT_FOLDER}/a']);
  expect(
    outputs({ 'rust/.cargo/config.toml': '[build]\ntarget-dir = "../out"\ntarget = "x86_64-unknown-linux-musl"' }),
  ).toEqual(['{workspaceRoot}/out/x86_64-unknown-linux-musl/{options.env.ARTIFACT_FOLDER}/a']);
  expect(outputs({}, { CARGO_TARGET_DIR: '/work/cache' })).toEqual([
    '{workspaceRoot}/cache/{options.env.ARTIFACT_FOLDER}/a',
  ]);
  const outside = targets('a', files, {}, { env: { CARGO_TARGET_DIR: '/elsewhere' } }).build;
  expect(outside).toMatchObject({ cache: false, outputs: [] });
  expect(targets('a', files).build?.inputs).toEqual(
    expect.arrayContaining(['{workspaceRoot}/rust/.cargo/**/*', '{workspaceRoot}/.cargo/**/*']),
  );
});

test('options: a task under another name, or none', () => {
  const found = targets('acme-top', FILES, { buildTargetName: 'compile', fmtTargetName: false });
  expect(Object.keys(found).sort()).toEqual(['check', 'compile', 'lint', 'nx-release-publish', 'test']);
  expect(targets('@acme/core', FILES, { buildTargetName: 'compile' }).compile?.dependsOn).toEqual(['^compile']);
});

test('a missing program fails its tasks with what to do, and no others', () => {
  const all = projects(FILES, {}, { missing: ['cargo', 'buf'] });
  expect(all['acme-top']?.targets?.build).toMatchObject({
    executor: '@krepis/nx:missing',
    options: { what: 'cargo', path: 'crates/top/Cargo.toml' },
    cache: false,
  });
  expect(all.proto?.targets?.generate).toMatchObject({ options: { what: 'buf', path: 'buf.yaml' } });
  expect(all['@acme/web']?.targets?.build).toMatchObject({ command: 'tsc -p tsconfig.build.json' });
});

test('without Cargo.lock, what needs versions says so; with no external package there is nothing to lock', () => {
  const { 'Cargo.lock': _lock, ...unlocked } = FILES;
  const all = projects(unlocked);
  expect(all['acme-leaf']?.targets?.build).toMatchObject({
    executor: '@krepis/nx:missing',
    options: { what: 'Cargo.lock', path: 'crates/leaf/Cargo.toml', line: 5, reason: expect.stringContaining('itoa') },
    cache: false,
  });
  expect(all['acme-leaf']?.targets?.fmt).toMatchObject({ command: 'cargo fmt -p acme-leaf --check' });
  expect(all['acme-testing']?.targets?.check).toMatchObject({ command: 'cargo check -p acme-testing --all-targets' });
});

test('names: a crate makes way for a package of its name; a name can be set', () => {
  const files = {
    'package.json': json({ workspaces: ['npm/*'] }),
    'npm/a/package.json': json({ name: 'a' }),
    'Cargo.toml': '[workspace]\nmembers = ["crates/*"]',
    'crates/a/Cargo.toml': '[package]\nname = "a"',
    'crates/b/Cargo.toml': '[package]\nname = "b"\n[package.metadata.nx]\nname = "bee"\ntags = ["scope:b"]',
    'other/Cargo.toml': '[workspace]\nmembers = ["a"]',
    'other/a/Cargo.toml': '[package]\nname = "a"',
  };
  const found = projects(files);
  expect(Object.entries(found).map(([name, { root }]) => [root, name])).toEqual([
    ['npm/a', 'a'],
    ['crates/b', 'bee'],
    ['crates/a', 'a-crate'],
    ['other/a', 'other/a'],
  ]);
  expect(found.bee?.tags).toEqual(['scope:b']);
});

test('targetDefaults that would replace the inputs of crates are an error; for others, or with a filter, they are not', () => {
  const ask =
    (targetDefaults: Record<string, unknown>, files = FILES) =>
    () => {
      const all = { ...files, 'nx.json': JSON.stringify({ targetDefaults }, null, 2) };
      const reader = memoryReader(all);
      const nxJson = { targetDefaults } as object;
      infer(Object.keys(all), { nxJson, options: {}, reader, missing: new Set(), variables: {}, root: '/work' });
    };
  const inputs = ['default', '^default'];
  expect(ask({ build: { inputs } })).toThrow(
    /KRP7019[\s\S]*at: nx\.json:3[\s\S]*targetDefaults\["build"\]` sets inputs/,
  );
  expect(ask({ '*': { outputs: [] } })).toThrow(/KRP7019/);
  expect(ask({ build: { cache: true, dependsOn: ['^build'] } })).not.toThrow();
  expect(
    ask({ 'nx:run-script': { inputs }, e2e: { inputs }, build: [{ filter: { projects: 'web' }, inputs }] }),
  ).not.toThrow();
  const packages = { 'package.json': '{ "workspaces": ["a"] }', 'a/package.json': '{ "name": "a" }' };
  expect(ask({ build: { inputs } }, packages)).not.toThrow();
});

test('a plugin of buf that is a file of the workspace counts for what it generates', () => {
  const files = {
    ...FILES,
    'tools/gen.mjs': '',
    'buf.gen.yaml': 'version: v2\nplugins:\n  - local: [node, tools/gen.mjs, --opt]\n    out: libs/gen/src/gen\n',
  };
  const { proto } = projects(files);
  expect(proto?.targets?.generate?.inputs).toContain('{workspaceRoot}/tools/gen.mjs');
  expect(proto?.namedInputs?.default).toContain('{workspaceRoot}/tools/gen.mjs');
});
