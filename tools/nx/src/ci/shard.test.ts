import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Ended } from '../process.ts';
import { folder, removeFolders } from '../testing/workspace.ts';
import { type Plan, shard } from './shard.ts';

afterEach(removeFolders);

/** An Nx that knows these tasks: `show projects` names those affected, `run-many --graph` writes their graph. */
function workspace(tasks: Readonly<Record<string, readonly string[]>>, affected: readonly string[]) {
  const cwd = folder();
  const calls: string[][] = [];
  const lines: string[] = [];
  const printed: string[] = [];
  const nx = async (args: readonly string[]): Promise<Ended> => {
    calls.push([...args]);
    if (args[0] === 'show') return { code: 0, stdout: `a warning\n${JSON.stringify(affected)}\n`, stderr: '' };
    const file = args.find((arg) => arg.startsWith('--graph='))?.slice('--graph='.length);
    if (file !== undefined) {
      const split = (id: string) => ({ target: { project: id.split(':')[0], target: id.split(':')[1] } });
      mkdirSync(dirname(file), { recursive: true });
      const all = Object.fromEntries(Object.keys(tasks).map((id) => [id, split(id)]));
      writeFileSync(file, JSON.stringify({ graph: {}, tasks: { tasks: all, dependencies: tasks } }));
    }
    return { code: 0, stdout: '', stderr: '' };
  };
  const run = (...args: string[]) =>
    shard(args, { cwd, nx, out: (text) => void printed.push(text), log: (text) => void lines.push(text) });
  return {
    cwd,
    calls,
    run,
    out: () => printed.join(''),
    plan: () => JSON.parse(printed.join('')) as Plan,
    log: () => lines.join('\n'),
  };
}

const TASKS = { 'a:test': ['base:build'], 'b:test': ['base:build'], 'base:build': [], 'a:build': ['base:build'] };

test('what is affected runs, each task in one shard; a dependency that is not affected is nobody’s own', async () => {
  const { run, plan, calls } = workspace(TASKS, ['a', 'b']);
  expect(await run('--shards=2', '--targets=test,build', '--base=main', '--head=HEAD', '--json')).toBe(0);
  expect(plan().requested).toBe(3);
  expect(
    plan()
      .shards.flatMap(({ tasks }) => tasks)
      .sort(),
  ).toEqual(['a:build', 'a:test', 'b:test']);
  expect(calls[0]).toEqual(['show', 'projects', '--json', '--affected', '--base=main', '--head=HEAD']);
});

test('for GitHub: one line per output, and nothing else on stdout', async () => {
  const { run, out } = workspace({ 'a:test': [], 'b:test': [] }, ['a', 'b']);
  await run('--shards=2', '-t', 'test', '--all', '--github');
  expect(out()).toBe('any=true\nmatrix={"include":[{"shard":"1/2","projects":"a"},{"shard":"2/2","projects":"b"}]}\n');
  const nothing = workspace({}, []);
  await nothing.run('--shards=2', '-t', 'test', '--all', '--github');
  expect(nothing.out()).toBe('any=false\nmatrix={"include":[]}\n');
  expect(nothing.log()).toContain('Nothing is affected');
});

test('--run-shared runs once what several shards need, by target', async () => {
  const { run, calls } = workspace(TASKS, ['a', 'b']);
  await run('--shards=2', '--targets=test', '--base=main', '--shared-cache', '--run-shared');
  expect(calls.at(-1)).toEqual(['run-many', '--targets=build', '--projects=base']);
});

test('Nx that fails, or answers something else, fails the command with what it said', async () => {
  const failing = { cwd: folder(), out: () => undefined };
  for (const ended of [
    { code: 1, stdout: '', stderr: 'crates/a/Cargo.toml:1' },
    { code: 0, stdout: 'no projects here', stderr: '' },
  ]) {
    const log: string[] = [];
    const surroundings = { ...failing, nx: async () => ended, log: (text: string) => void log.push(text) };
    await expect(shard(['--shards=2', '-t', 'test', '--all'], surroundings)).rejects.toThrow(/KRP7055/);
    expect(log.join()).toContain(ended.stdout + ended.stderr);
  }
});

test.each([
  [[], /--shards/],
  [['--shards=2'], /--targets/],
  [['--shards=0', '-t', 'test', '--all'], /at least 1/],
  [['--shards=2', '-t', 'test'], /--base or --all/],
  [['--shards=2', '-t', 'test', '--all', '--base=main'], /--base or --all/],
  [['--shards=2', '--target=x'], /--target/],
  [['other'], /no command `other`/],
  [['record'], /--profile/],
])('%j is refused', async (args, reason) => {
  const { run, calls } = workspace({}, []);
  await expect(run(...args)).rejects.toThrow(/KRP7054/);
  await expect(run(...args)).rejects.toThrow(reason);
  expect(calls).toEqual([]);
});

test('record: measured tasks count half old, half new; cached ones and other events not at all', async () => {
  const { run, cwd } = workspace({}, []);
  const event = (name: string, ms: number, status = 'success') => ({ name, ph: 'X', dur: ms * 1000, args: { status } });
  const write = (events: unknown[]) => writeFileSync(join(cwd, 'p.json'), JSON.stringify(events));
  const file = join(cwd, 'd', 'durations.json');
  write([
    event('a:test', 100),
    event('b:test', 5, 'remote-cache'),
    event('c:test', 7, 'failure'),
    { name: 'x', ph: 'M' },
  ]);
  await run('record', '--profile=p.json', '--durations=d/durations.json');
  write([event('a:test', 300)]);
  await run('record', '--profile=p.json', '--durations=d/durations.json');
  expect(require(file)).toEqual({ schema: 1, durations: { 'a:test': 200 } });
});
