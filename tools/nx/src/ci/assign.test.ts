import fc from 'fast-check';
import { type Assignment, assign, type Split, type Task } from './assign.ts';

const task = (id: string, ...dependencies: string[]): Task => {
  const [project = '', target = ''] = id.split(':');
  return { id, project, target, dependencies };
};
const all = (tasks: readonly Task[]) => new Set(tasks.map(({ id }) => id));
const projects = ({ shards }: Assignment) => shards.map((shard) => shard.projects);

test('the longest first, each to the shard that ends first', () => {
  const tasks = ['a', 'b', 'c', 'd', 'e'].map((name) => task(`${name}:test`));
  const durations = { 'a:test': 50, 'b:test': 40, 'c:test': 30, 'd:test': 20, 'e:test': 10 };
  const assignment = assign(tasks, { shards: 2, requested: all(tasks), durations });
  expect(projects(assignment)).toEqual([
    ['a', 'd', 'e'],
    ['b', 'c'],
  ]);
  expect(assignment.shards.map(({ weight }) => weight)).toEqual([80, 70]);
});

test('a task that never ran counts as the median of its target', () => {
  const tasks = ['a:test', 'b:test', 'c:test', 'd:lint', 'new:test'].map((id) => task(id));
  const durations = { 'a:test': 10, 'b:test': 90, 'c:test': 100, 'd:lint': 1 };
  const { shards } = assign(tasks, { shards: 1, requested: all(tasks), durations });
  expect(shards[0]?.weight).toBe(10 + 90 + 100 + 1 + 90);
});

test('without a shared cache, projects that need the same dependency stay together', () => {
  const tasks = [
    task('x:build'),
    task('y:build'),
    task('a:test', 'x:build'),
    task('b:test', 'x:build'),
    task('c:test', 'y:build'),
    task('d:test', 'y:build'),
  ];
  const durations = { 'x:build': 100, 'y:build': 100 };
  const requested = new Set(['a:test', 'b:test', 'c:test', 'd:test']);
  const apart = assign(tasks, { shards: 2, requested, durations });
  expect(projects(apart)).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(apart.shared).toEqual([]);
  const cached = assign(tasks, { shards: 4, requested, durations, sharedCache: true });
  expect(cached.shared).toEqual(['x:build', 'y:build']);
});

test('less work than machines: no empty shard', () => {
  const tasks = [task('a:test'), task('a:lint')];
  expect(projects(assign(tasks, { shards: 4, requested: all(tasks) }))).toEqual([['a']]);
  expect(assign([], { shards: 4, requested: new Set() })).toEqual({ shards: [], shared: [] });
});

describe('for any graph', () => {
  const graphs = fc
    .array(
      fc.record({
        project: fc.integer({ min: 0, max: 20 }),
        target: fc.constantFrom('build', 'test', 'lint'),
        after: fc.array(fc.nat({ max: 30 }), { maxLength: 3 }),
        requested: fc.boolean(),
        duration: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
      }),
      { maxLength: 40 },
    )
    .map((entries) => {
      const tasks = new Map<string, Task>();
      const requested = new Set<string>();
      const durations: Record<string, number> = {};
      for (const entry of entries) {
        const id = `p${entry.project}:${entry.target}`;
        if (tasks.has(id)) continue;
        const earlier = [...tasks.keys()];
        const dependencies = entry.after.flatMap((index) => earlier[index] ?? []);
        tasks.set(id, task(id, ...new Set(dependencies)));
        if (entry.requested) requested.add(id);
        if (entry.duration !== undefined) durations[id] = entry.duration;
      }
      return { tasks: [...tasks.values()], requested, durations };
    });
  const splits = fc.record({ shards: fc.integer({ min: 1, max: 6 }), sharedCache: fc.boolean() });

  test('every requested task is in exactly one shard, no other is in any, and projects are not divided', () => {
    fc.assert(
      fc.property(graphs, splits, ({ tasks, requested, durations }, split) => {
        const { shards } = assign(tasks, { ...split, requested, durations });
        expect(shards.flatMap((shard) => shard.tasks).sort()).toEqual([...requested].sort());
        const owners = shards.flatMap((shard) => shard.projects);
        expect(new Set(owners).size).toBe(owners.length);
        for (const shard of shards) {
          expect([...new Set(shard.tasks.map((id) => id.split(':')[0]))].sort()).toEqual([...shard.projects].sort());
        }
        expect(shards.length).toBeLessThanOrEqual(split.shards);
      }),
    );
  });

  test('the order of the input does not matter', () => {
    fc.assert(
      fc.property(graphs, splits, ({ tasks, requested, durations }, split) => {
        const options: Split = { ...split, requested, durations };
        const turned: Split = { ...options, requested: new Set([...requested].reverse()) };
        expect(assign([...tasks].reverse(), turned)).toEqual(assign(tasks, options));
      }),
    );
  });

  test('with a shared cache no shard gets more than the mean and one project on top', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 6 }), ({ tasks, requested, durations }, shards) => {
        const options = { shards, requested, durations, sharedCache: true };
        const result = assign(tasks, options).shards;
        const total = result.reduce((sum, { weight }) => sum + weight, 0);
        const units = [...new Set(tasks.filter(({ id }) => requested.has(id)).map(({ project }) => project))];
        const largest = Math.max(
          0,
          ...units.map((project) => {
            const only = new Set([...requested].filter((id) => id.startsWith(`${project}:`)));
            // Alone, with the medians of all tasks.
            return assign(tasks, { ...options, requested: only }).shards[0]?.weight ?? 0;
          }),
        );
        for (const { weight } of result) expect(weight).toBeLessThanOrEqual(total / shards + largest + shards);
      }),
    );
  });

  test('what two shards need is named as shared, and nothing else', () => {
    fc.assert(
      fc.property(graphs, splits, ({ tasks, requested, durations }, split) => {
        const { shards, shared } = assign(tasks, { ...split, requested, durations });
        const byId = new Map(tasks.map((one) => [one.id, one]));
        const needed = shards.map(({ tasks: ids }) => {
          const seen = new Set<string>();
          const visit = (id: string): void => {
            if (seen.has(id)) return;
            seen.add(id);
            for (const next of byId.get(id)?.dependencies ?? []) visit(next);
          };
          for (const id of ids) visit(id);
          return seen;
        });
        for (const { id } of tasks) {
          expect(shared.includes(id)).toBe(needed.filter((set) => set.has(id)).length > 1);
        }
      }),
    );
  });
});
