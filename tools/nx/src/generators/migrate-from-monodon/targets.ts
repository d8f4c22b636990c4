import type { TargetConfiguration } from '@nx/devkit';
import { EXECUTORS, type Executor, type Meaning, meaning, type Options, type Subject } from './commands.ts';

/** A target as project.json has it; keys that Nx does not know stay. */
export type WrittenTarget = Readonly<Record<string, unknown>> & {
  readonly executor?: string;
  readonly options?: Options;
  readonly configurations?: Readonly<Record<string, Options>>;
  readonly outputs?: readonly string[];
  readonly inputs?: readonly unknown[];
};

/** What becomes of one target, and what the user should know. */
export interface Outcome {
  /** `remove`: inference gives it. `write`: this stands in its place. `keep`: it is none of monodon's. */
  readonly action: 'keep' | 'remove' | 'write';
  readonly target?: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

/** All that the decision is made from. */
export interface TargetFacts {
  readonly name: string;
  readonly target: WrittenTarget;
  /** `targetDefaults` of nx.json for this executor. */
  readonly defaults: WrittenTarget | undefined;
  readonly subject: Subject;
  /** What the plugin infers in this folder. */
  readonly inferred: Readonly<Record<string, TargetConfiguration>>;
  /** False: configurations such as `production` are given up, with a note. */
  readonly keepConfigurations: boolean;
}

/** The inferred target that does the same; `build` of an addon is the package's, which depends on `napi-build`. */
const COUNTERPART: Readonly<Record<Executor, string | undefined>> = {
  build: 'build',
  check: 'check',
  lint: 'lint',
  napi: 'napi-build',
  run: undefined,
  test: 'test',
  'wasm-pack': undefined,
};

/**
 * Decides about one target: what inference gives goes, what it does not give becomes a command that says the same.
 *
 * Nothing is dropped without a note.
 */
export function migrateTarget(facts: TargetFacts): Outcome {
  const { name, target, subject } = facts;
  const executor = EXECUTORS.find((one) => target.executor === `@monodon/rust:${one}`);
  if (target.executor === '@monodon/rust:release-publish') return publish(facts);
  if (executor === undefined) return { action: 'keep', notes: [] };

  const merged = { ...facts.defaults, ...target };
  const options = { ...facts.defaults?.options, ...target.options };
  const base = meaning(executor, options, subject);
  const { configurations, notes } = migrateConfigurations(facts, executor, options, base);
  const counterpart = counterpartOf(facts, executor);
  const extras = extraKeys(merged, subject, notes);

  const given = counterpart !== undefined && base.plain && Object.keys(configurations).length === 0;
  if (given) {
    if (Object.keys(extras).length === 0) return { action: 'remove', notes };
    // No executor: Nx merges it with the inferred target; `...` stands for what that one has.
    return { action: 'write', target: extras, notes };
  }
  const joined = base.plain && counterpart === name ? configured(facts, executor, configurations) : undefined;
  if (joined) return { action: 'write', target: { ...joined, ...extras }, notes };
  return { action: 'write', target: command(facts, executor, base, configurations, extras), notes };
}

function counterpartOf({ name, inferred }: TargetFacts, executor: Executor): string | undefined {
  const wanted = COUNTERPART[executor];
  if (wanted === undefined || inferred[wanted] === undefined) return undefined;
  // The name people type must stay: `build` may be a check (monodon's libraries) or an addon's build.
  if (name === wanted) return wanted;
  return name === 'build' && inferred.build !== undefined && (executor === 'check' || executor === 'napi')
    ? wanted
    : undefined;
}

function migrateConfigurations(facts: TargetFacts, executor: Executor, options: Options, base: Meaning) {
  const notes: string[] = [];
  const configurations: Record<string, Meaning> = {};
  for (const [key, own] of Object.entries({ ...facts.defaults?.configurations, ...facts.target.configurations })) {
    const meant = meaning(executor, { ...options, ...own }, facts.subject);
    if (meant.command === base.command) {
      notes.push(`Configuration \`${key}\` of \`${facts.name}\` changed nothing: it is gone.`);
    } else if (facts.keepConfigurations) {
      configurations[key] = meant;
    } else {
      notes.push(`Configuration \`${key}\` of \`${facts.name}\` is gone; it ran: ${meant.command}`);
    }
  }
  return { configurations, notes };
}

/** What people added to a target beside executor, options and configurations. */
function extraKeys(merged: WrittenTarget, subject: Subject, notes: string[]): Record<string, unknown> {
  const { executor: _, options: __, configurations: ___, cache, inputs, outputs, ...extras } = merged;
  const found: Record<string, unknown> = { ...extras };
  if (cache === false) found.cache = false;
  const own = (inputs ?? []).filter((input) => typeof input !== 'string' || !GENERAL_INPUTS.has(input));
  if (own.length > 0) found.inputs = ['...', ...own];
  const written = (outputs ?? []).filter((output) => !isDefaultOutput(output, subject));
  if (written.length > 0) found.outputs = ['...', ...written];
  if (Array.isArray(inputs) && own.length < inputs.length) {
    const covered = inputs.filter((input) => !own.includes(input));
    notes.push(`Inputs ${JSON.stringify(covered)} are left to inference, which has them and more.`);
  }
  return found;
}

const GENERAL_INPUTS = new Set(['default', '^default', 'production', '^production', '...']);

function isDefaultOutput(output: string, { root }: Subject): boolean {
  return ['{options.target-dir}', '{options.dist}', `{workspaceRoot}/${root}`, '{projectRoot}', '...'].includes(output);
}

/** The target as a command that stands on its own: the same commands, the inputs of the inferred ones, exact outputs. */
function command(
  { name, target, defaults, inferred }: TargetFacts,
  executor: Executor,
  base: Meaning,
  configurations: Readonly<Record<string, Meaning>>,
  extras: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const like = inferred[COUNTERPART[executor] ?? ''] ?? inferred[name] ?? inferred.build;
  const outputs = outputsOf(executor, base, like);
  const several = Object.keys(configurations).length > 0;
  const cached = (target.cache ?? defaults?.cache) === true;
  const { inputs: ownInputs, outputs: ownOutputs, ...rest } = extras;
  const placed = several && outputs.some((output) => output.includes(FOLDER));
  const written = several ? outputs : outputs.map((output) => output.replace(FOLDER, base.directory ?? base.artefacts));
  return {
    ...(several
      ? {
          executor: 'nx:run-commands',
          options: runs(base, placed),
          configurations: Object.fromEntries(
            Object.entries(configurations).map(([key, meant]) => [key, runs(meant, placed)]),
          ),
        }
      : { command: base.command }),
    ...(cached ? { cache: true } : {}),
    ...(cached && like?.inputs ? { inputs: [...lasting(like.inputs), ...withoutSpread(ownInputs)] } : {}),
    ...(cached ? { outputs: [...written, ...withoutSpread(ownOutputs)] } : {}),
    ...(like?.parallelism === false ? { parallelism: false } : {}),
    ...(like?.dependsOn && executor !== 'run' && rest.dependsOn === undefined ? { dependsOn: like.dependsOn } : {}),
    ...rest,
  };
}

/**
 * The inferred target with the old configurations on top; undefined where it cannot take them.
 *
 * Without an executor and a command of its own Nx merges it with the inferred target, whose inputs stay.
 */
function configured(
  { name, inferred }: TargetFacts,
  executor: Executor,
  configurations: Readonly<Record<string, Meaning>>,
): Readonly<Record<string, unknown>> | undefined {
  const like = inferred[name];
  if (!like) return undefined;
  const map = (to: (meant: Meaning) => object) =>
    Object.fromEntries(Object.entries(configurations).map(([key, meant]) => [key, to(meant)]));
  const options = (like.options ?? {}) as { readonly suites?: readonly CargoSuite[]; readonly commands?: unknown };
  if (options.suites) {
    if (Object.values(configurations).some(({ flags }) => flags === undefined)) return undefined;
    const suites = (flags: readonly string[]) =>
      options.suites?.map((suite) =>
        suite.runner === 'cargo' ? { ...suite, arguments: [...(suite.arguments ?? []), ...flags] } : suite,
      );
    return { configurations: map(({ flags }) => ({ suites: suites(flags ?? []) })) };
  }
  const single = like.command !== undefined || (like.executor === 'nx:run-commands' && options.commands === undefined);
  if (!single) return undefined;
  return { configurations: map((meant) => runs(meant, executor === 'build')) };
}

/** The option that the outputs of a build name: the same that the inferred `release` configuration sets. */
const FOLDER = '{options.env.ARTIFACT_FOLDER}';

function runs({ command, directory, artefacts }: Meaning, placed: boolean): Options {
  return { command, ...(placed ? { env: { ARTIFACT_FOLDER: directory ?? artefacts } } : {}) };
}

interface CargoSuite {
  readonly runner: string;
  readonly arguments?: readonly string[];
}

/** With {@link FOLDER} where the place depends on the configuration. */
function outputsOf(executor: Executor, base: Meaning, like: TargetConfiguration | undefined): string[] {
  if (executor === 'wasm-pack') return [`{workspaceRoot}/${FOLDER}`];
  if (executor === 'napi') {
    const [, js] = /--js (\S+)/.exec(base.command) ?? [];
    const [, dts] = /--dts (\S+)/.exec(base.command) ?? [];
    return ['*.node', js, dts].map((file) => `{workspaceRoot}/${FOLDER}/${file}`);
  }
  return executor === 'build' ? [...(like?.outputs ?? [])] : [];
}

/**
 * Inferred inputs in a form that stays right when it is written down: names of crates and versions of packages change,
 * `^default` and the lock file as a whole do not.
 */
function lasting(inputs: NonNullable<TargetConfiguration['inputs']>): unknown[] {
  const kept = inputs.flatMap((input): unknown[] => {
    if (typeof input === 'string')
      return input === 'default' ? ['default', '^default'] : input.startsWith('!') ? [] : [input];
    if ('projects' in input) return [];
    if (!('externalDependencies' in input)) return [input];
    return [{ externalDependencies: input.externalDependencies.filter((name) => !name.startsWith('cargo:')) }];
  });
  return [...new Set(kept)];
}

function withoutSpread(values: unknown): unknown[] {
  return Array.isArray(values) ? values.filter((value) => value !== '...') : [];
}

function publish({ name, target, subject, inferred }: TargetFacts): Outcome {
  const { options, executor: _, ...extras } = target;
  const { packageRoot, ...rest } = options ?? {};
  const notes: string[] = [];
  if (packageRoot !== undefined && packageRoot !== subject.root) {
    notes.push(`\`${name}\` published from ${String(packageRoot)}; it publishes from ${subject.root} now.`);
  }
  const plain = Object.keys(extras).length === 0 && Object.keys(rest).length === 0;
  if (inferred[name] && plain) return { action: 'remove', notes };
  return {
    action: 'write',
    target: { ...extras, executor: '@krepis/nx:release-publish', options: { crate: subject.crate, ...rest } },
    notes,
  };
}
