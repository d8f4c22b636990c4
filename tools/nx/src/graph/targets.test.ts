import type { Crate } from './cargo.ts';
import type { NpmPackage } from './packages.ts';
import { inferTargets } from './targets.ts';

const crate: Crate = {
  name: 'acme',
  root: 'libs/acme',
  workspaceRoot: '.',
  binaries: ['acme'],
  testArguments: [],
  dependencies: [],
};
const npmPackage: NpmPackage = {
  name: '@acme/lib',
  root: 'libs/lib',
  dependencies: [],
  typescript: true,
  buildOutput: 'libs/lib/dist',
  jest: true,
};

test('a crate: one task at a time, the exact binary as output, Cargo.lock and the tool chain among the inputs', () => {
  const targets = inferTargets({ name: 'acme', crate, biome: true });
  expect(Object.keys(targets).sort()).toEqual(['build', 'fmt', 'lint', 'test']);
  expect(Object.values(targets).every(({ parallelism }) => parallelism === false)).toBe(true);
  expect(targets.build).toMatchObject({
    command: 'cargo build -p acme',
    dependsOn: ['^build'],
    outputs: ['{workspaceRoot}/target/debug/acme'],
  });
  expect(targets.build?.inputs).toEqual(
    expect.arrayContaining([
      '^default',
      '{workspaceRoot}/Cargo.lock',
      '{workspaceRoot}/.cargo/**/*',
      { runtime: expect.stringContaining('rustc -vV') },
    ]),
  );
});

test('a crate of a Cargo workspace further down: its own lock file, and commands run there', () => {
  const { build } = inferTargets({ name: 'acme', crate: { ...crate, workspaceRoot: 'native' }, biome: false });
  expect(build).toMatchObject({ options: { cwd: 'native' }, outputs: ['{workspaceRoot}/native/target/debug/acme'] });
  expect(build?.inputs).toContain('{workspaceRoot}/native/Cargo.lock');
});

test('a TypeScript package: what its files call for, and nothing else', () => {
  const targets = inferTargets({ name: '@acme/lib', npmPackage, biome: true });
  expect(targets.build).toMatchObject({
    command: 'tsc -p tsconfig.build.json',
    outputs: ['{workspaceRoot}/libs/lib/dist'],
  });
  expect(targets.test).toMatchObject({
    executor: '@krepis/nx:test',
    options: { suites: [{ runner: 'jest', cwd: 'libs/lib' }], results: 'dist/test-results/@acme-lib.json' },
  });
  expect(targets.test?.parallelism).toBeUndefined();
  expect(
    Object.keys(
      inferTargets({ name: 'x', npmPackage: { ...npmPackage, jest: false, buildOutput: undefined }, biome: false }),
    ),
  ).toEqual(['typecheck']);
  expect(inferTargets({ name: 'x', npmPackage: { ...npmPackage, typescript: false }, biome: true })).toEqual({});
});

test('a folder with both manifests is one project: one target runs both languages', () => {
  const both = { name: 'x', crate: { ...crate, root: 'libs/lib' }, npmPackage, biome: true };
  const targets = inferTargets(both);
  expect(targets.build?.options.commands).toEqual([
    { command: 'cargo build -p acme' },
    { command: 'cd "libs/lib" && tsc -p tsconfig.build.json' },
  ]);
  expect(targets.test?.options.suites).toHaveLength(2);
});
