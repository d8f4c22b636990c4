/** One task of Nx's task graph. */
export interface Task {
  /** `project:target`. */
  readonly id: string;
  readonly project: string;
  readonly target: string;
  /** Ids of the tasks that must have run before it. */
  readonly dependencies: readonly string[];
}

/** How to split. */
export interface Split {
  /** Most machines to use; at least 1. */
  readonly shards: number;
  /** Ids of the tasks that were asked for; every other task runs only where one of these needs it. */
  readonly requested: ReadonlySet<string>;
  /** Milliseconds that a task took earlier, by id; tasks without one count as the median of their target, else of all. */
  readonly durations?: Readonly<Record<string, number>>;
  /** True if a task that ran on one machine is there for all (a remote cache): then dependencies cost a shard nothing. */
  readonly sharedCache?: boolean;
}

/** The work of one machine. */
export interface Shard {
  /** All requested tasks of these projects run here, and nowhere else. Sorted. */
  readonly projects: readonly string[];
  /** The requested tasks. Sorted. */
  readonly tasks: readonly string[];
  /** What it is expected to take: milliseconds if there are durations, else tasks; dependencies that it runs, too. */
  readonly weight: number;
}

/** Who runs what. */
export interface Assignment {
  /** Without empty ones: fewer than asked for if there is less work. */
  readonly shards: readonly Shard[];
  /** Tasks that more than one shard needs. Run once before the others start, with a remote cache, they run once in all. */
  readonly shared: readonly string[];
}

/**
 * Splits tasks over machines: every requested task in exactly one shard, a project never divided, the same input always
 * the same answer.
 *
 * The rule is "longest processing time first" (R. L. Graham, Bounds on multiprocessing timing anomalies, 1969: at most
 * 4/3 of the best possible with a shared cache): projects by weight, each to the shard that ends first with it. Without a
 * shared cache a shard also pays for the dependencies it does not run yet, which keeps projects with the same
 * dependencies together.
 *
 * @example
 * assign(tasks, { shards: 2, requested: new Set(['a:test', 'b:test']) }).shards.map(({ projects }) => projects);
 */
export function assign(tasks: readonly Task[], split: Split): Assignment {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const weight = weights(tasks, split.durations ?? {});
  const needs = (ids: Iterable<string>) => closure(ids, byId);
  const units = new Map<string, string[]>();
  for (const { id, project } of tasks) {
    if (split.requested.has(id)) units.set(project, [...(units.get(project) ?? []), id]);
  }
  const sum = (ids: Iterable<string>) => [...ids].reduce((total, id) => total + (weight.get(id) ?? 0), 0);
  const cost = (ids: readonly string[]) => sum(split.sharedCache ? ids : needs(ids));

  const open = Array.from({ length: split.shards }, () => ({
    projects: [] as string[],
    tasks: [] as string[],
    runs: new Set<string>(),
  }));
  const ordered = [...units]
    .map(([project, ids]) => ({ project, ids, cost: cost(ids) }))
    .sort((a, b) => b.cost - a.cost || compare(a.project, b.project));
  for (const { project, ids } of ordered) {
    const added = split.sharedCache ? ids : [...needs(ids)];
    // What is added counts twice, once as time of the shard and once as work that somebody may be doing already.
    const ends = open.map(({ runs }) => sum(runs) + 2 * sum(added.filter((id) => !runs.has(id))));
    const chosen = open[ends.indexOf(Math.min(...ends))];
    chosen?.projects.push(project);
    chosen?.tasks.push(...ids);
    for (const id of added) chosen?.runs.add(id);
  }
  const shards = open
    .filter(({ projects }) => projects.length > 0)
    .map(({ projects, tasks: ids, runs }) => ({
      projects: projects.sort(compare),
      tasks: ids.sort(compare),
      weight: Math.round(sum(runs)),
    }));
  return { shards, shared: shared(shards, needs) };
}

function shared(shards: readonly Shard[], needs: (ids: Iterable<string>) => Set<string>): string[] {
  const counts = new Map<string, number>();
  for (const { tasks } of shards) for (const id of needs(tasks)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].flatMap(([id, count]) => (count > 1 ? [id] : [])).sort(compare);
}

/** The tasks and all that must run before them. */
function closure(ids: Iterable<string>, byId: ReadonlyMap<string, Task>): Set<string> {
  const found = new Set<string>();
  const queue = [...ids];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    queue.push(...(byId.get(id)?.dependencies ?? []));
  }
  return found;
}

function weights(tasks: readonly Task[], durations: Readonly<Record<string, number>>): Map<string, number> {
  const known = new Map<string, number[]>();
  for (const { id, target } of tasks) {
    const duration = durations[id];
    if (duration !== undefined) known.set(target, [...(known.get(target) ?? []), duration]);
  }
  const all = median([...known.values()].flat());
  return new Map(tasks.map(({ id, target }) => [id, durations[id] ?? median(known.get(target) ?? []) ?? all ?? 1]));
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** By code units: the same on every machine, whatever its language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
