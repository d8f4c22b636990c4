/** Area `generate`: `krepis g service` and its undo beside the generators of NestJS and Nx. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Area, Bench } from './area.ts';
import { peakMemory, run, wallTime } from './measure.ts';
import { type InstalledPeers, install, installedVersion, NEST, NX, program } from './peers.ts';
import { copyOf, inProject, nestProject, nxWorkspace, watch } from './projects.ts';
import { type Row, row } from './report.ts';
import { summarize } from './statistics.ts';

/** Measured rounds and the unmeasured ones before them. */
const ROUNDS = { nest: 15, nx: 9, version: 40, memory: 9, warmUp: 2 };

export const generate: Area = {
  name: 'generate',
  async measure(bench) {
    const nest = install(bench.peers, NEST);
    const nx = install(bench.peers, withKrepis(bench));
    return [...(await besideNest(bench, nest)), await version(bench), await besideNx(bench, nx)];
  },
};

/**
 * `krepis g service`, warm and at its very first run, and its undo, beside `nest g service`.
 *
 * Each round runs all of them once, one after the other; every run starts from equal sources.
 */
async function besideNest(bench: Bench, peers: InstalledPeers): Promise<Row[]> {
  const { krepis } = bench;
  const original = await nestProject(join(bench.scratch, 'nest', 'app'), peers, bench.env);
  const theirs = copyOf(original, join(bench.scratch, 'nest', 'theirs'));
  const ours = copyOf(original, join(bench.scratch, 'nest', 'ours'));
  await run(inProject(ours, krepis, ['init'], bench.env));
  const [theirState, ourState] = [watch(theirs), watch(ours)];
  const nest = `${installedVersion(peers, '@nestjs/cli')} + ${installedVersion(peers, '@nestjs/schematics', '@nestjs/cli')}`;
  const nestCli = program(peers, '@nestjs/cli', 'nest');

  const times = { nest: [] as number[], warm: [] as number[], first: [] as number[], undo: [] as number[] };
  const memory: number[] = [];

  for (let round = -ROUNDS.warmUp; round < ROUNDS.nest; round += 1) {
    const name = `service${round + ROUNDS.warmUp}`;
    const measured = round >= 0;

    const nestTime = await wallTime(inProject(theirs, process.execPath, [nestCli, 'g', 'service', name], bench.env));
    theirState.assertThere(name);
    theirState.remove(name);

    const warm = await wallTime(inProject(ours, krepis, ['g', 'service', name], bench.env));
    ourState.assertThere(name);
    await snapshotBuilt(bench.cache);
    const undo = await wallTime(inProject(ours, krepis, ['undo'], bench.env));
    ourState.assertGone(name);

    const cold = mkdtempSync(join(bench.scratch, 'cold-'));
    const coldEnv = { ...bench.env, KREPIS_CACHE_DIR: cold };
    const first = await wallTime(inProject(ours, krepis, ['g', 'service', name], coldEnv));
    ourState.assertThere(name);
    await snapshotBuilt(cold);
    await run(inProject(ours, krepis, ['undo'], coldEnv));
    ourState.assertGone(name);
    rmSync(cold, { recursive: true, force: true });

    if (!measured) continue;
    times.nest.push(nestTime);
    times.warm.push(warm);
    times.first.push(first);
    times.undo.push(undo);
  }
  for (let round = 0; round < ROUNDS.memory; round += 1) {
    const name = `memory${round}`;
    const peak = await peakMemory(inProject(ours, krepis, ['g', 'service', name], bench.env));
    ourState.assertThere(name);
    await run(inProject(ours, krepis, ['undo'], bench.env));
    if (peak !== null) memory.push(peak);
  }

  const beside = { peers: { [nest]: summarize(times.nest) }, against: nest, unit: 'ms' as const };
  return [
    row({
      id: 'g-service/warm',
      title: '`krepis g service NAME` beside `nest g service NAME` in a project of `nest new`',
      goal: { max: 0.35, of: 'ratio' },
      ours: summarize(times.warm),
      ...beside,
    }),
    row({
      id: 'g-service/first',
      title:
        'the same, the very first run: an empty cache, no snapshot (one is built in the background when it has ended)',
      goal: { max: 0.6, of: 'ratio' },
      ours: summarize(times.first),
      ...beside,
    }),
    row({
      id: 'undo',
      title: '`krepis undo` of it',
      unit: 'ms',
      goal: { max: 40, of: 'ours' },
      ours: summarize(times.undo),
    }),
    row({
      id: 'memory',
      title: 'peak resident memory of the master in `krepis g service NAME` (VmHWM)',
      unit: 'MB',
      goal: { max: 40, of: 'ours' },
      ours: memory.length > 0 ? summarize(memory) : null,
    }),
  ];
}

/**
 * Waits until the start-up snapshot is there that a run without one leaves to a process in the background: its work
 * would be taken from the time of whatever runs next, the peer's above all.
 *
 * @throws Error if there is none after a minute
 */
async function snapshotBuilt(cache: string): Promise<void> {
  const folder = join(cache, 'snapshots');
  const deadline = performance.now() + 60_000;
  const built = () => {
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return names.some((name) => name.endsWith('.blob')) && !names.some((name) => name.endsWith('.building'));
  };
  while (!built()) {
    if (performance.now() > deadline) throw new Error(`no start-up snapshot appeared in ${folder}`);
    await setTimeout(20);
  }
}

async function version({ krepis, env, scratch }: Bench): Promise<Row> {
  const times: number[] = [];
  for (let round = -ROUNDS.warmUp; round < ROUNDS.version; round += 1) {
    const time = await wallTime({ file: krepis, args: ['--version'], cwd: scratch, env });
    if (round >= 0) times.push(time);
  }
  return row({
    id: 'version',
    title: '`krepis --version`',
    unit: 'ms',
    goal: { max: 10, of: 'ours' },
    ours: summarize(times),
  });
}

/** `nx g @krepis:service` beside `nx g @nx/nest:service`, both without the daemon. */
async function besideNx(bench: Bench, peers: InstalledPeers): Promise<Row> {
  const original = nxWorkspace(join(bench.scratch, 'nx', 'workspace'), peers);
  const theirs = copyOf(original, join(bench.scratch, 'nx', 'theirs'));
  const ours = copyOf(original, join(bench.scratch, 'nx', 'ours'));
  const [theirState, ourState] = [watch(theirs), watch(ours)];
  const schematics = installedVersion(peers, '@nestjs/schematics', '@nx/nest');
  const nest = `${installedVersion(peers, '@nx/nest')} + ${schematics}`;
  const nx = program(peers, 'nx', 'nx');
  const times = { ours: [] as number[], theirs: [] as number[] };
  const env = { ...bench.env, NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true' };

  for (let round = -ROUNDS.warmUp; round < ROUNDS.nx; round += 1) {
    const name = `service${round + ROUNDS.warmUp}`;
    const path = `${theirs.source}/${name}/${name}`;
    const theirTime = await wallTime(inProject(theirs, process.execPath, [nx, 'g', '@nx/nest:service', path], env));
    theirState.assertThere(name);
    theirState.remove(name);

    const ourTime = await wallTime(inProject(ours, process.execPath, [nx, 'g', '@krepis:service', name], env));
    ourState.assertThere(name);
    await run(inProject(ours, bench.krepis, ['undo'], bench.env));
    ourState.assertGone(name);

    if (round < 0) continue;
    times.theirs.push(theirTime);
    times.ours.push(ourTime);
  }
  return row({
    id: 'nx-g-service',
    title: '`nx g @krepis:service NAME` beside `nx g @nx/nest:service PATH`, daemon off',
    unit: 'ms',
    goal: { max: 1.1, of: 'ratio' },
    ours: summarize(times.ours),
    peers: { [nest]: summarize(times.theirs) },
    against: nest,
  });
}

function withKrepis({ tarballs }: Bench) {
  const packages = Object.fromEntries(tarballs.packages.map(({ name, file }) => [name, `file:${file}`]));
  return { ...NX, packages: { ...NX.packages, ...packages }, state: tarballs.digest };
}
