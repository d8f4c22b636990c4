/** Area `graph`: what inferring the graph costs, and what a run costs in which nothing has to be done. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Area, Bench } from '../area.ts';
import { type Command, run, wallTime } from '../measure.ts';
import { type InstalledPeers, install, installedVersion, type PeerSet } from '../peers.ts';
import { type Row, row } from '../report.ts';
import { summarize } from '../statistics.ts';
import { json, writeFiles } from '../truth/workspace.ts';
import type { Cost } from './probe.ts';
import { nameOf, SIZES, type Size, workspaceFiles } from './workspace.ts';

/** Measured rounds and the unmeasured ones before them. */
const ROUNDS = { plugin: 11, graph: 5, noop: 11, warmUp: 2 };

/** The size the goals are said for. */
const GOAL_SIZE = '100+20';

const PEERS: PeerSet = {
  name: 'graph',
  packages: {
    nx: '23.2.1',
    '@nx/devkit': '23.2.1',
    '@monodon/rust': '3.0.0',
    '@bufbuild/buf': '1.75.0',
    '@bufbuild/protobuf': '2.17.0',
    '@bufbuild/protoc-gen-es': '2.17.0',
    '@napi-rs/cli': '3.10.12',
    turbo: '2.11.11',
    typescript: '6.0.3',
  },
};

export const graph: Area = {
  name: 'graph',
  async measure(bench) {
    const krepis = Object.fromEntries(bench.tarballs.packages.map(({ name, file }) => [name, `file:${file}`]));
    const peers = install(bench.peers, {
      ...PEERS,
      packages: { ...PEERS.packages, ...krepis },
      state: bench.tarballs.digest,
    });
    const rows: Row[] = [];
    for (const size of SIZES) {
      const root = workspace(bench, peers, size);
      rows.push(...(await pluginRows(bench, peers, size, root)), await graphRow(bench, peers, size, root));
    }
    rows.push(...(await noopRows(bench, peers)));
    return rows;
  },
};

/** A committed workspace with Cargo.lock, the peers' node_modules and our plugin in nx.json. */
function workspace(bench: Bench, peers: InstalledPeers, size: Size): string {
  const root = join(bench.scratch, 'graph', nameOf(size), 'ours');
  writeFiles(root, { ...workspaceFiles(size), 'nx.json': nxJson('@krepis/nx') });
  symlinkSync(peers.modules, join(root, 'node_modules'), 'dir');
  const command = (file: string, ...args: string[]) =>
    execFileSync(file, args, { cwd: root, env: bench.env, stdio: ['ignore', 'ignore', 'inherit'] });
  command('cargo', 'generate-lockfile', '--quiet');
  // What @monodon/rust's `cargo metadata` would otherwise download within its first measured run.
  command('cargo', 'fetch', '--quiet', '--locked');
  commit(root, bench);
  return root;
}

function commit(root: string, { env }: Bench): void {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Graph', '-c', 'user.email=graph@example.org', ...args], { cwd: root, env });
  if (!existsSync(join(root, '.git'))) git('init', '--quiet', '--initial-branch=main');
  git('add', '.');
  git('commit', '--quiet', '--message=Graph');
}

function nxJson(...plugins: string[]): string {
  return json({ analytics: false, neverConnectToCloud: true, plugins });
}

/** A copy of a workspace beside it: its sources, and what Cargo has built, so that no copy compiles the registry's crates again. */
function copy(root: string, name: string): string {
  const to = join(dirname(root), name);
  rmSync(to, { recursive: true, force: true });
  cpSync(root, to, {
    recursive: true,
    verbatimSymlinks: true,
    // Cargo compares times.
    preserveTimestamps: true,
    filter: (path) => !/\/(?:\.nx|dist)$/.test(path),
  });
  return to;
}

/** The plugin's two functions, without and with what an earlier run kept, beside those of @monodon/rust. */
async function pluginRows(bench: Bench, peers: InstalledPeers, size: Size, root: string): Promise<Row[]> {
  const data = join(dirname(root), 'plugin-data');
  const probe = (plugin: string, folder: string, ...flags: string[]): Cost => {
    const ended = spawnSync(process.execPath, [join(import.meta.dirname, 'probe.ts'), plugin, ...flags], {
      cwd: root,
      env: { ...bench.env, ...nxEnvironment(folder), NX_DAEMON: 'false' },
      encoding: 'utf8',
    });
    if (ended.status !== 0) throw new Error(`${plugin} ended with ${ended.status}\n${ended.stdout}${ended.stderr}`);
    return JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? '') as Cost;
  };
  const times = { cold: [] as number[], cached: [] as number[], monodon: [] as number[], load: [] as number[] };
  for (let round = -ROUNDS.warmUp; round < ROUNDS.plugin; round += 1) {
    rmSync(data, { recursive: true, force: true });
    const cold = probe('@krepis/nx', data);
    const cached = probe('@krepis/nx', data);
    const monodon = probe('@monodon/rust', join(dirname(root), 'monodon-data'));
    if (round < 0) continue;
    times.cold.push(cold.graph);
    times.cached.push(cached.graph);
    times.monodon.push(monodon.graph);
    times.load.push(cold.load);
  }
  rmSync(data, { recursive: true, force: true });
  const cold = probe('@krepis/nx', data, '--count');
  const cached = probe('@krepis/nx', data, '--count');
  const theirs = probe('@monodon/rust', join(dirname(root), 'monodon-data'), '--count');
  // A plugin that finds nothing is quick.
  const least = size.crates + 2;
  for (const { projects, edges } of [cold, cached]) {
    if (projects < size.packages + least || edges < size.packages) {
      throw new Error(`@krepis/nx found ${projects} projects and ${edges} edges in ${nameOf(size)}`);
    }
  }
  if (theirs.projects < least || theirs.edges === 0) throw new Error(`@monodon/rust found ${theirs.projects} projects`);

  const peer = installedVersion(peers, '@monodon/rust');
  const beside = { unit: 'ms' as const, peers: { [peer]: summarize(times.monodon) }, against: peer };
  const said = (who: string, { projects, edges, processes, files }: Cost) =>
    `${who}: ${projects} projects, ${edges} edges, ${processes} processes started, ${files} files read`;
  const notes = [
    said(peer, theirs),
    `modules loaded in ${Math.round(summarize(times.load).median)} ms before the clock starts`,
  ];
  return [
    row({
      id: `plugin/cold/${nameOf(size)}`,
      title: `\`createNodes\` and \`createDependencies\`, nothing kept, ${nameOf(size)} packages + crates`,
      goal: { max: 150, of: 'ours' },
      ours: summarize(times.cold),
      ...beside,
      notes: [said('ours', cold), ...notes],
    }),
    row({
      id: `plugin/cached/${nameOf(size)}`,
      title: `the same with what an earlier process kept, ${nameOf(size)}`,
      goal: { max: 15, of: 'ours' },
      ours: summarize(times.cached),
      ...beside,
      notes: [said('ours', cached)],
    }),
  ];
}

/** The whole of `nx graph`, as context: with our plugin, with @monodon/rust, and with none, which sees no crate. */
async function graphRow(bench: Bench, peers: InstalledPeers, size: Size, root: string): Promise<Row> {
  const monodon = installedVersion(peers, '@monodon/rust');
  const nx = installedVersion(peers, 'nx');
  const [theirs, plain] = [copy(root, 'monodon'), copy(root, 'none')];
  writeFileSync(join(theirs, 'nx.json'), nxJson('@monodon/rust'));
  writeFileSync(join(plain, 'nx.json'), nxJson());
  const command = (folder: string): Command => ({
    file: process.execPath,
    args: [nxProgram, 'graph', `--file=${join(bench.scratch, 'graph.json')}`],
    cwd: folder,
    env: {
      ...bench.env,
      ...nxEnvironment(`${folder}-data`),
      NX_DAEMON: 'false',
      NX_CACHE_PROJECT_GRAPH: 'false',
    },
  });
  const times = { ours: [] as number[], theirs: [] as number[], plain: [] as number[] };
  for (let round = -1; round < ROUNDS.graph; round += 1) {
    for (const [key, folder] of [
      ['ours', root],
      ['theirs', theirs],
      ['plain', plain],
    ] as const) {
      const time = await wallTime(command(folder));
      if (round >= 0) times[key].push(time);
    }
  }
  return row({
    id: `nx-graph/${nameOf(size)}`,
    title: `\`nx graph --file\` as a whole, daemon off, Nx's own graph cache off, ${nameOf(size)}`,
    unit: 'ms',
    goal: { max: 1, of: 'ratio' },
    ours: summarize(times.ours),
    peers: { [`${nx} + ${monodon}`]: summarize(times.theirs), [`${nx} alone`]: summarize(times.plain) },
    against: `${nx} + ${monodon}`,
    notes: [`${nx} alone sees the packages only: ${Math.round(summarize(times.plain).median)} ms`],
  });
}

/** `nx run-many -t build` in which everything is cached, beside plain Nx with the same tasks and edges written by hand, and Turborepo. */
async function noopRows(bench: Bench, peers: InstalledPeers): Promise<Row[]> {
  const root = join(bench.scratch, 'graph', GOAL_SIZE, 'ours');
  await run(nxBuild(bench, root, false));
  const plain = byHand(bench, root);
  const turbo = forTurbo(root, 'turbo', false);
  const turboCargo = forTurbo(root, 'turbo-cargo', true);
  for (const folder of [plain, turbo, turboCargo]) commit(folder, bench);

  const turboRun = (folder: string): Command => ({
    file: join(folder, 'node_modules', '.bin', 'turbo'),
    args: ['run', 'build', '--output-logs=errors-only', `--cache-dir=${folder}-data`],
    cwd: folder,
    env: {
      ...withBinaries(bench, folder),
      TURBO_TELEMETRY_DISABLED: '1',
    },
  });
  const rows: Row[] = [];
  const [plainName, turboName, cargoName] = [
    `${installedVersion(peers, 'nx')}, the same tasks in project.json`,
    `${installedVersion(peers, 'turbo')}, packages only`,
    `${installedVersion(peers, 'turbo')} with experimentalCargoWorkspaces`,
  ];
  try {
    // Fills the caches. Turborepo hashes generated files, so that its second run is not yet the last to build.
    await run(nxBuild(bench, plain, false));
    for (const folder of [turbo, turboCargo]) for (let times = 0; times < 2; times += 1) await run(turboRun(folder));

    for (const daemon of [true, false]) {
      const times = { ours: [] as number[], plain: [] as number[], turbo: [] as number[], cargo: [] as number[] };
      const commands = [
        ['ours', nxBuild(bench, root, daemon)],
        ['plain', nxBuild(bench, plain, daemon)],
        ['turbo', turboRun(turbo)],
        ['cargo', turboRun(turboCargo)],
      ] as const;
      for (let round = -ROUNDS.warmUp; round < ROUNDS.noop; round += 1) {
        for (const [key, command] of commands) {
          const time = await wallTime(command);
          if (key === 'ours' || key === 'plain') assertAllHits(command);
          if (round >= 0) times[key].push(time);
        }
      }
      rows.push(
        row({
          id: `no-op/daemon-${daemon ? 'on' : 'off'}`,
          title: `\`nx run-many -t build\`, everything cached, daemon ${daemon ? 'on' : 'off'}, ${GOAL_SIZE}`,
          unit: 'ms',
          goal: { max: daemon ? 1.05 : 1.35, of: 'ratio' },
          ours: summarize(times.ours),
          peers: {
            [plainName]: summarize(times.plain),
            [turboName]: summarize(times.turbo),
            [cargoName]: summarize(times.cargo),
          },
          against: plainName,
          notes: [
            `${turboName}: ${Math.round(summarize(times.turbo).median)} ms; ${cargoName}: ${Math.round(summarize(times.cargo).median)} ms, it runs Cargo for every library each time`,
          ],
        }),
      );
    }
  } finally {
    for (const folder of [root, plain]) {
      spawnSync(process.execPath, [nxProgram, 'daemon', '--stop'], {
        cwd: folder,
        env: nxBuild(bench, folder, true).env,
      });
    }
  }
  return rows;
}

/** Builds everything with Nx. */
function nxBuild(bench: Bench, folder: string, daemon: boolean): Command {
  return {
    file: process.execPath,
    args: [nxProgram, 'run-many', '-t', 'build', '--output-style=static'],
    cwd: folder,
    env: { ...withBinaries(bench, folder), ...nxEnvironment(`${folder}-data`), NX_DAEMON: String(daemon) },
  };
}

/** Throws unless the last run took every result from the cache: a run that builds is no no-op. */
function assertAllHits({ cwd, env }: Command): void {
  const report = JSON.parse(readFileSync(join(env.NX_CACHE_DIRECTORY ?? '', 'run.json'), 'utf8')) as {
    tasks: { taskId: string; cacheStatus: string }[];
  };
  const built = report.tasks.filter(({ cacheStatus }) => cacheStatus === 'cache-miss').map(({ taskId }) => taskId);
  const standIns = noops(env);
  const missed = built.filter((task) => !standIns.has(task));
  if (report.tasks.length === 0 || missed.length > 0) throw new Error(`${cwd}: not cached: ${missed.join(', ')}`);
}

/** Tasks that only stand for others: they do nothing and are never a hit. */
function noops(env: NodeJS.ProcessEnv): Set<string> {
  const { nodes } = JSON.parse(
    readFileSync(join(env.NX_WORKSPACE_DATA_DIRECTORY ?? '', 'project-graph.json'), 'utf8'),
  ) as {
    nodes: Record<string, { data: { targets: Record<string, { executor?: string }> } }>;
  };
  return new Set(
    Object.entries(nodes).flatMap(([project, { data }]) =>
      Object.entries(data.targets)
        .filter(([, { executor }]) => executor === 'nx:noop')
        .map(([target]) => `${project}:${target}`),
    ),
  );
}

/** The same workspace without our plugin: what it inferred is written into project.json files. */
function byHand(bench: Bench, root: string): string {
  const file = join(bench.scratch, 'inferred.json');
  execFileSync(process.execPath, [nxProgram, 'graph', `--file=${file}`], {
    cwd: root,
    env: { ...bench.env, ...nxEnvironment(`${root}-data`), NX_DAEMON: 'false' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { graph: inferred } = JSON.parse(readFileSync(file, 'utf8')) as {
    graph: {
      nodes: Record<string, { data: { root: string; targets: Record<string, Target> } }>;
      dependencies: Record<string, { target: string }[]>;
    };
  };
  const plain = copy(root, 'plain');
  writeFileSync(join(plain, 'nx.json'), nxJson());
  for (const [name, { data }] of Object.entries(inferred.nodes)) {
    if (data.root === '.') continue;
    const implicitDependencies = (inferred.dependencies[name] ?? [])
      .map(({ target }) => target)
      .filter((target) => target in inferred.nodes);
    const targets = Object.fromEntries(Object.entries(data.targets).map(([target, value]) => [target, written(value)]));
    mkdirSync(join(plain, data.root), { recursive: true });
    writeFileSync(join(plain, data.root, 'project.json'), json({ name, implicitDependencies, targets }));
  }
  return plain;
}

interface Target {
  readonly inputs?: readonly unknown[];
  readonly [key: string]: unknown;
}

/** A target as a user would write it: without the crates of the registry, which only a plugin can name in the graph. */
function written({ inputs, ...target }: Target): Target {
  const named = (input: unknown) =>
    typeof input === 'object' && input !== null && 'externalDependencies' in input ? [] : [input];
  return inputs === undefined ? target : { ...target, inputs: inputs.flatMap(named) };
}

/** The same workspace for Turborepo: its packages have scripts. */
function forTurbo(root: string, name: string, cargo: boolean): string {
  const folder = copy(root, name);
  const packages = execFileSync('git', ['ls-files', 'packages/*/package.json'], { cwd: root, encoding: 'utf8' });
  for (const path of packages.trim().split('\n')) {
    const manifest = JSON.parse(readFileSync(join(folder, path), 'utf8'));
    const build = path.startsWith('packages/native/') ? 'napi build --platform' : 'tsc -p tsconfig.build.json';
    writeFileSync(join(folder, path), json({ ...manifest, scripts: { build } }));
  }
  writeFileSync(
    join(folder, 'turbo.json'),
    json({
      $schema: 'https://turborepo.dev/schema.json',
      ...(cargo ? { futureFlags: { experimentalCargoWorkspaces: true } } : {}),
      tasks: { build: { dependsOn: ['^build'], outputs: ['dist/**', '*.node', 'index.js', 'index.d.ts'] } },
    }),
  );
  return folder;
}

const nxProgram = join('node_modules', 'nx', 'dist', 'bin', 'nx.js');

function nxEnvironment(folder: string): Record<string, string> {
  return {
    NX_CACHE_DIRECTORY: join(folder, 'cache'),
    NX_WORKSPACE_DATA_DIRECTORY: join(folder, 'data'),
    NX_TUI: 'false',
    NX_NO_CLOUD: 'true',
  };
}

/** The environment with the workspace's programs first. */
function withBinaries({ env }: Bench, folder: string): NodeJS.ProcessEnv {
  return { ...env, PATH: [join(folder, 'node_modules', '.bin'), env.PATH].join(delimiter) };
}
