import { migrateTarget, type TargetFacts, type WrittenTarget } from './targets.ts';

const INFERRED: TargetFacts['inferred'] = {
  build: {
    command: 'cargo build -p tool',
    options: { cwd: '.', env: { ARTIFACT_FOLDER: 'debug' } },
    inputs: [
      'default',
      { input: 'default', projects: ['ast'] },
      '{workspaceRoot}/Cargo.lock',
      '!{workspaceRoot}/Cargo.lock',
      { runtime: 'rustc -vV' },
      { externalDependencies: ['cargo:serde@1.0.0', '@napi-rs/cli'] },
    ],
    outputs: ['{workspaceRoot}/target/{options.env.ARTIFACT_FOLDER}/tool'],
    parallelism: false,
  },
  check: { command: 'cargo check -p tool --all-targets' },
  lint: { command: 'cargo clippy -p tool' },
  test: {
    executor: '@krepis/nx:test',
    options: { suites: [{ runner: 'cargo', crate: 'tool', cwd: '.', arguments: ['--lib'] }] },
  },
};
const facts = (name: string, target: WrittenTarget, more: Partial<TargetFacts> = {}): TargetFacts => ({
  name,
  target,
  defaults: undefined,
  subject: { project: 'tool', crate: 'tool', root: 'apps/tool' },
  inferred: INFERRED,
  keepConfigurations: true,
  ...more,
});
const GENERATED = { cache: true, outputs: ['{options.target-dir}'], options: { 'target-dir': 'dist/target/tool' } };

test('what inference gives goes; another plugin’s target stays', () => {
  for (const name of ['build', 'check', 'lint', 'test']) {
    expect(migrateTarget(facts(name, { ...GENERATED, executor: `@monodon/rust:${name}` })).action).toBe('remove');
  }
  expect(migrateTarget(facts('build', { ...GENERATED, executor: '@monodon/rust:check' })).action).toBe('remove');
  expect(migrateTarget(facts('serve', { executor: '@nx/js:node' })).action).toBe('keep');
});

test('a configuration stays on top of the inferred target, whose inputs and outputs it keeps', () => {
  const configurations = { production: { release: true } };
  expect(
    migrateTarget(facts('build', { ...GENERATED, executor: '@monodon/rust:build', configurations })).target,
  ).toEqual({
    configurations: { production: { command: 'cargo build -p tool --release', env: { ARTIFACT_FOLDER: 'release' } } },
  });
  expect(migrateTarget(facts('test', { ...GENERATED, executor: '@monodon/rust:test', configurations })).target).toEqual(
    {
      configurations: {
        production: { suites: [{ runner: 'cargo', crate: 'tool', cwd: '.', arguments: ['--lib', '--release'] }] },
      },
    },
  );
  const dropped = migrateTarget(
    facts('build', { ...GENERATED, executor: '@monodon/rust:build', configurations }, { keepConfigurations: false }),
  );
  expect(dropped.action).toBe('remove');
  expect(dropped.notes.join()).toMatch(/`production` of `build` is gone; it ran: cargo build -p tool --release/);
});

test('options that matter make a command of its own, with inputs that stay right when it is written down', () => {
  const { target } = migrateTarget(
    facts('build', {
      ...GENERATED,
      executor: '@monodon/rust:build',
      options: { features: 'extra', target: 'wasm32-wasip1' },
    }),
  );
  expect(target).toEqual({
    command: 'cargo build -p tool --features extra --target wasm32-wasip1',
    cache: true,
    inputs: [
      'default',
      '^default',
      '{workspaceRoot}/Cargo.lock',
      { runtime: 'rustc -vV' },
      { externalDependencies: ['@napi-rs/cli'] },
    ],
    outputs: ['{workspaceRoot}/target/wasm32-wasip1/debug/tool'],
    parallelism: false,
  });
});

test('a target with no counterpart becomes a command under its name', () => {
  expect(
    migrateTarget(facts('run', { executor: '@monodon/rust:run', options: { args: ['--port', '1'] } })).target,
  ).toMatchObject({
    command: 'cargo run -p tool -- --port 1',
  });
  expect(migrateTarget(facts('test-wasm', { ...GENERATED, executor: '@monodon/rust:test' })).target).toMatchObject({
    command: 'cargo test -p tool',
    cache: true,
  });
});

test('what people added stays: dependencies, further inputs and outputs, no cache; and what is left out is said', () => {
  const target = {
    executor: '@monodon/rust:build',
    cache: false,
    dependsOn: ['codegen'],
    inputs: ['default', '{workspaceRoot}/schema/**'],
    outputs: ['{options.target-dir}', '{projectRoot}/bindings.h'],
  };
  const outcome = migrateTarget(facts('build', target));
  expect(outcome.target).toEqual({
    cache: false,
    dependsOn: ['codegen'],
    inputs: ['...', '{workspaceRoot}/schema/**'],
    outputs: ['...', '{projectRoot}/bindings.h'],
  });
  expect(outcome.notes.join()).toContain('["default"]');
});

test('targetDefaults of the executor count where the target says nothing', () => {
  const defaults = { cache: true, dependsOn: ['^build'], options: { release: true } };
  expect(migrateTarget(facts('build', { executor: '@monodon/rust:build' }, { defaults })).target).toMatchObject({
    command: 'cargo build -p tool --release',
    cache: true,
    dependsOn: ['^build'],
  });
});

test('publishing goes to our executor, which keeps a dry run dry', () => {
  const target = { executor: '@monodon/rust:release-publish', options: { packageRoot: 'dist/x' } };
  const outcome = migrateTarget(facts('nx-release-publish', target));
  expect(outcome.target).toEqual({ executor: '@krepis/nx:release-publish', options: { crate: 'tool' } });
  expect(outcome.notes.join()).toContain('dist/x');
});
