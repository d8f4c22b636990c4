import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { errors, KrepisError } from '../errors.ts';
import { type Ended, run } from '../process.ts';
import { type Assignment, assign, type Task } from './assign.ts';
import { readDurations, recordDurations } from './durations.ts';

/** What the command prints with `--json`. */
export interface Plan extends Assignment {
  readonly schema: 1;
  /** How many tasks were asked for. */
  readonly requested: number;
}

/** Everything the command touches outside of itself. */
export interface Surroundings {
  readonly cwd: string;
  readonly out: (text: string) => void;
  readonly log: (text: string) => void;
  /** Runs Nx of the workspace. */
  readonly nx: (args: readonly string[], echo: boolean) => Promise<Ended>;
}

const HELP = `krepis-nx-shard: splits the affected tasks of an Nx workspace over machines, without a service.

  krepis-nx-shard --shards=N --targets=T,… (--base=REF [--head=REF] | --all) [options]
  krepis-nx-shard record --profile=FILE… --durations=FILE

  --shards=N          most machines to use
  --targets=T,…       the targets to run, for example lint,typecheck,test,build
  --base=REF          what changed since; --head=REF up to where (default: the working tree)
  --all               every project
  --durations=FILE    what tasks took earlier (made by \`record\`); without it every task counts the same
  --shared-cache      a remote cache is in place: dependencies cost a machine nothing
  --run-shared        run the tasks that several machines need, once, before they start
  --json              print the plan as JSON (default: a table)
  --github            print outputs for GitHub Actions: matrix, any

  record              adds what NX_PROFILE of a run says to the durations; tasks from the cache are left out

Each machine then runs: nx run-many --targets=T,… --projects=<its projects>. All of them together run every affected
task, each once.
`;

/**
 * The command `krepis-nx-shard`.
 *
 * @param argv arguments without node and script
 * @returns the exit code: 0; 1 if Nx fails; 2 for a wrong command line
 * @throws KrepisError KRP7054 for a wrong command line; KRP7055 if Nx gives no task graph
 */
export async function shard(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values, positionals } = parsed(argv);
  if (values.help) {
    surroundings.out(HELP);
    return 0;
  }
  if (positionals[0] === 'record') {
    if (!values.profile || !values.durations) throw usage('`record` needs --profile and --durations');
    const count = recordDurations(surroundings.cwd, values.profile, values.durations);
    surroundings.log(`${count} durations recorded in ${values.durations}.`);
    return 0;
  }
  if (positionals.length > 0) throw usage(`there is no command \`${positionals[0]}\``);
  const shards = Number(values.shards);
  if (!Number.isInteger(shards) || shards < 1) throw usage('--shards is a whole number of at least 1');
  const targets = (values.targets ?? '').split(',').filter((target) => target !== '');
  if (targets.length === 0) throw usage('--targets names at least one target');
  if ((values.base === undefined) === !values.all) throw usage('give either --base or --all');

  const scope = values.all ? undefined : { base: values.base ?? '', head: values.head };
  const { tasks, requested } = await taskGraph(surroundings, targets, scope);
  const durations = values.durations ? readDurations(surroundings.cwd, values.durations) : {};
  const assignment = assign(tasks, { shards, requested, durations, sharedCache: values['shared-cache'] === true });
  const plan: Plan = { schema: 1, requested: requested.size, ...assignment };
  if (values['run-shared'] && plan.shared.length > 0) await runShared(surroundings, tasks, plan.shared);
  if (values.json) surroundings.out(`${JSON.stringify(plan, null, 2)}\n`);
  else if (values.github) surroundings.out(githubOutputs(plan));
  surroundings.log(table(plan));
  return 0;
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        shards: { type: 'string' },
        targets: { type: 'string', short: 't' },
        base: { type: 'string' },
        head: { type: 'string' },
        all: { type: 'boolean', default: false },
        durations: { type: 'string' },
        profile: { type: 'string', multiple: true },
        'shared-cache': { type: 'boolean', default: false },
        'run-shared': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        github: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw usage((error as Error).message);
  }
}

function usage(reason: string): KrepisError {
  return new KrepisError({ ...errors.BAD_SHARDS, reason });
}

interface Scope {
  readonly base: string;
  readonly head: string | undefined;
}

interface NxGraphFile {
  readonly tasks?: {
    readonly tasks: Readonly<
      Record<string, { readonly target: { readonly project: string; readonly target: string } }>
    >;
    readonly dependencies: Readonly<Record<string, readonly string[]>>;
    readonly continuousDependencies?: Readonly<Record<string, readonly string[]>>;
  };
}

/** Nx's own task graph: what is affected and what depends on what is Nx's to say. */
async function taskGraph(
  { nx, log }: Surroundings,
  targets: readonly string[],
  scope: Scope | undefined,
): Promise<{ tasks: Task[]; requested: Set<string> }> {
  const since = scope ? ['--affected', `--base=${scope.base}`, ...(scope.head ? [`--head=${scope.head}`] : [])] : [];
  const shown = await nx(['show', 'projects', '--json', ...since], false);
  // `nx show projects` fails on a broken manifest; `nx … --graph` would draw what is left and end with 0.
  if (shown.code !== 0) throw noGraph(shown, log);
  const names = projectNames(shown.stdout);
  if (names === undefined) throw noGraph(shown, log);
  const projects = new Set(names);
  if (projects.size === 0) return { tasks: [], requested: new Set() };

  const folder = mkdtempSync(join(tmpdir(), 'krepis-nx-shard-'));
  try {
    const file = join(folder, 'graph.json');
    const drawn = await nx(
      ['run-many', `--targets=${targets.join(',')}`, `--projects=${names.join(',')}`, `--graph=${file}`],
      false,
    );
    if (drawn.code !== 0) throw noGraph(drawn, log);
    const { tasks: graph } = JSON.parse(readFileSync(file, 'utf8')) as NxGraphFile;
    if (!graph) throw noGraph(drawn, log);
    const tasks = Object.entries(graph.tasks).map(([id, { target }]) => ({
      id,
      project: target.project,
      target: target.target,
      dependencies: [...(graph.dependencies[id] ?? []), ...(graph.continuousDependencies?.[id] ?? [])],
    }));
    const asked = tasks.filter(({ project, target }) => projects.has(project) && targets.includes(target));
    return { tasks, requested: new Set(asked.map(({ id }) => id)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function noGraph({ stdout, stderr, code }: Ended, log: (text: string) => void): KrepisError {
  log(`${stdout}${stderr}`);
  return new KrepisError({ ...errors.NO_TASK_GRAPH, reason: `nx ended with ${code}` });
}

/** Runs the tasks that several shards need, target by target; Nx adds what they depend on. */
async function runShared({ nx }: Surroundings, tasks: readonly Task[], shared: readonly string[]): Promise<void> {
  const groups = new Map<string, string[]>();
  for (const { id, project, target } of tasks) {
    if (shared.includes(id)) groups.set(target, [...(groups.get(target) ?? []), project]);
  }
  for (const [target, projects] of groups) {
    const ended = await nx(['run-many', `--targets=${target}`, `--projects=${projects.join(',')}`], true);
    if (ended.code !== 0) {
      throw new KrepisError({
        ...errors.SHARED_FAILED,
        reason: `\`${target}\` of ${projects.join(', ')} ended with ${ended.code}`,
      });
    }
  }
}

/** `matrix` for `strategy.matrix: fromJSON(…)`, and `any`, since GitHub refuses an empty matrix. */
function githubOutputs({ shards }: Plan): string {
  const include = shards.map(({ projects }, index) => ({
    shard: `${index + 1}/${shards.length}`,
    projects: projects.join(','),
  }));
  return `any=${include.length > 0}\nmatrix=${JSON.stringify({ include })}\n`;
}

function table({ requested, shards, shared }: Plan): string {
  if (shards.length === 0) return 'Nothing is affected: no task to run.';
  const lines = shards.map(
    ({ projects, tasks, weight }, index) =>
      `  ${index + 1}/${shards.length}  ${tasks.length} tasks, weight ${weight}: ${projects.join(', ')}`,
  );
  const more = shared.length > 0 ? `\n  needed by several: ${shared.join(', ')}` : '';
  return `${requested} tasks on ${shards.length} ${shards.length === 1 ? 'machine' : 'machines'}:\n${lines.join('\n')}${more}`;
}

/** The last line is the JSON: Nx may print warnings before. */
function projectNames(stdout: string): readonly string[] | undefined {
  try {
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as readonly string[];
  } catch {
    return undefined;
  }
}

/**
 * Nx of the workspace in `cwd`, started with the Node.js that runs this.
 *
 * What is echoed goes to stderr: stdout belongs to the plan.
 */
export function workspaceNx(cwd: string): Surroundings['nx'] {
  const bin = createRequire(join(cwd, 'package.json')).resolve('nx/bin/nx.js');
  return (args, echo) => {
    if (!echo) return run({ command: process.execPath, arguments: [bin, ...args], cwd });
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ['ignore', process.stderr, process.stderr] });
      child.once('error', reject);
      child.once('close', (code) => resolve({ code: code ?? 1, stdout: '', stderr: '' }));
    });
  };
}
