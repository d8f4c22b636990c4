import { posix } from 'node:path';
import type { TargetConfiguration } from '@nx/devkit';
import type { Crate } from './cargo.ts';
import type { NpmPackage } from './packages.ts';

/** One test runner's part of a project's `test` target. Folders are relative to the Nx root. */
export type Suite =
  | { readonly runner: 'cargo'; readonly crate: string; readonly cwd: string; readonly arguments: readonly string[] }
  | { readonly runner: 'jest'; readonly cwd: string };

type Targets = Record<string, TargetConfiguration>;
type Inputs = NonNullable<TargetConfiguration['inputs']>;

/** What a root holds; a folder with both manifests (generated code of messages) is one project. */
export interface Holding {
  /** Name of the project in Nx. */
  readonly name: string;
  readonly crate?: Crate | undefined;
  readonly npmPackage?: NpmPackage | undefined;
  /** True with a biome.json at the Nx root. */
  readonly biome: boolean;
}

/**
 * The targets of one project: `build`, `test`, `lint`, `typecheck`, `fmt`, those its files call for.
 *
 * Rust tasks run one at a time: Cargo's build lock would make them wait for each other while holding Nx's slots.
 * Their outputs are exact artefacts, never `target/`.
 */
export function inferTargets({ name, crate, npmPackage, biome }: Holding): Targets {
  const targets: Targets = {};
  const suites: Suite[] = [];
  const lints: Step[] = [];
  const builds: Step[] = [];

  if (crate) {
    const cwd = crate.workspaceRoot;
    builds.push({
      command: `cargo build -p ${crate.name}`,
      cwd,
      outputs: crate.binaries.map((name) => `{workspaceRoot}/${posix.join(cwd, 'target/debug', name)}`),
    });
    lints.push({ command: `cargo clippy -p ${crate.name} --all-targets -- -D warnings`, cwd, outputs: [] });
    targets.fmt = target(
      [{ command: `cargo fmt -p ${crate.name} --check`, cwd, outputs: [] }],
      crateInputs(crate),
      true,
    );
    suites.push({ runner: 'cargo', crate: crate.name, cwd, arguments: crate.testArguments });
  }
  if (npmPackage?.typescript) {
    const cwd = npmPackage.root;
    if (npmPackage.buildOutput) {
      builds.push({
        command: 'tsc -p tsconfig.build.json',
        cwd,
        outputs: [`{workspaceRoot}/${npmPackage.buildOutput}`],
      });
    }
    targets.typecheck = target([{ command: 'tsc --noEmit -p tsconfig.json', cwd, outputs: [] }], PACKAGE_INPUTS, false);
    if (npmPackage.jest) suites.push({ runner: 'jest', cwd });
    if (biome) lints.push({ command: `biome check ${cwd}`, cwd: '.', outputs: [] });
  }

  const inputs = unique([...(crate ? crateInputs(crate) : []), ...(npmPackage?.typescript ? PACKAGE_INPUTS : [])]);
  const rust = crate !== undefined;
  if (builds.length > 0) targets.build = { ...target(builds, inputs, rust), dependsOn: ['^build'] };
  if (lints.length > 0) targets.lint = target(lints, inputs, rust);
  if (suites.length > 0) {
    targets.test = {
      executor: '@krepis/nx:test',
      cache: true,
      inputs,
      outputs: ['{options.results}'],
      options: { suites, results: `dist/test-results/${name.replaceAll('/', '-')}.json` },
      ...(rust ? { parallelism: false } : {}),
    };
  }
  return targets;
}

/** The targets of a folder of messages. */
export function messageTargets(): Targets {
  const inputs = ['default', '{workspaceRoot}/buf.yaml'];
  return { lint: target([{ command: 'buf lint', cwd: '.', outputs: [] }], inputs, false) };
}

interface Step {
  readonly command: string;
  readonly cwd: string;
  readonly outputs: readonly string[];
}

function target(steps: readonly Step[], inputs: Inputs, rust: boolean): TargetConfiguration {
  const [first] = steps;
  const single = steps.length === 1 && first !== undefined;
  return {
    ...(single
      ? { command: first.command, options: { cwd: first.cwd } }
      : {
          executor: 'nx:run-commands',
          options: {
            commands: steps.map(({ command, cwd }) => ({ command: inFolder(command, cwd) })),
            parallel: false,
          },
        }),
    cache: true,
    inputs,
    outputs: steps.flatMap(({ outputs }) => outputs),
    ...(rust ? { parallelism: false } : {}),
  };
}

/** `nx:run-commands` has one folder for all commands, so a step of several goes to its own. */
function inFolder(command: string, cwd: string): string {
  return cwd === '.' ? command : `cd ${JSON.stringify(cwd)} && ${command}`;
}

/** Everything a crate's result depends on: its closure's sources, Cargo's configuration, the tool chain, the environment. */
function crateInputs({ workspaceRoot }: Crate): Inputs {
  const at = (path: string) => `{workspaceRoot}/${posix.join(workspaceRoot, path)}`;
  return [
    'default',
    '^default',
    at('Cargo.toml'),
    at('Cargo.lock'),
    at('.cargo/**/*'),
    at('rust-toolchain*'),
    at('{clippy,.clippy,rustfmt,.rustfmt}.toml'),
    { runtime: RUST_ENVIRONMENT },
  ];
}

/** Nx has no wildcard for environment inputs: one command prints all that Cargo and rustc read, sorted, but no secret. */
const RUST_ENVIRONMENT = "env | grep -E '^(CARGO_|RUST)' | grep -v TOKEN | LC_ALL=C sort; rustc -vV";

const PACKAGE_INPUTS: Inputs = [
  'default',
  '^default',
  '{workspaceRoot}/package.json',
  '{workspaceRoot}/{tsconfig.base,tsconfig,biome}.json',
  '{workspaceRoot}/jest.{preset,config}.*',
];

function unique(inputs: Inputs): Inputs {
  const seen = new Set<string>();
  return inputs.filter((input) => {
    const key = JSON.stringify(input);
    return !seen.has(key) && seen.add(key);
  });
}
