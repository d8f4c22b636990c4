/** Area `sandbox`: what it costs to confine a plugin's process, beside a bare Node and Node's own permission model. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Area, Bench } from './area.ts';
import { run, wallTime } from './measure.ts';
import { type Row, row } from './report.ts';
import { summarize } from './statistics.ts';

/** Measured rounds and the unmeasured ones before them. */
const ROUNDS = { process: 31, command: 15, warmUp: 2 };
/** Milliseconds that confining may add to a process. */
const BUDGET = 35;

const root = join(import.meta.dirname, '..', '..', '..');

export const sandbox: Area = {
  name: 'sandbox',
  async measure(bench) {
    return [process_(), ...(await command(bench))];
  },
};

/** One process that runs an empty script: the difference is what confining adds. */
function process_(): Row {
  const version = process.version.slice(1);
  const example = spawnSync(
    'cargo',
    [
      ...['run', '--quiet', '--release', '--locked', '--package', 'krepis-host', '--example', 'plugin_start'],
      ...['--', process.execPath, version, String(ROUNDS.process)],
    ],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (example.status !== 0) throw new Error(`plugin_start ended with ${example.status ?? example.signal}`);
  const times: { node: number[]; permission: number[]; confined: number[] } = JSON.parse(example.stdout);
  const added = times.confined.map((time, index) => time - (times.node[index] ?? Number.NaN));
  return row({
    id: 'process/added',
    title: 'a confined process over a bare one that runs the same empty script: every layer, prepared and taken away',
    unit: 'ms',
    goal: { max: BUDGET, of: 'ours' },
    ours: summarize(added),
    peers: {
      [`node ${version}`]: summarize(times.node),
      [`node ${version} --permission`]: summarize(times.permission),
      'confined, whole': summarize(times.confined),
    },
    notes: ['the peers are whole processes, ours is the difference of each round'],
  });
}

/** The same as a user has it: `krepis run` of a plugin's command and of the workspace's own, on a worker. */
async function command(bench: Bench): Promise<Row[]> {
  const folder = join(bench.scratch, 'sandbox');
  mkdirSync(join(folder, 'plugin'), { recursive: true });
  mkdirSync(join(folder, 'src'));
  const source = "export default () => ({ title: 'nothing', files: [] });\n";
  const manifest = { name: 'empty', version: '1.0.0', commands: { run: './run.mjs' }, capabilities: {} };
  const config = {
    schema: 1,
    root: 'src',
    elements: [{ name: 'app', files: ['src/**'] }],
    rules: [],
    commands: { own: './own.mjs' },
    plugins: { empty: './plugin' },
  };
  for (const [path, text] of Object.entries({
    'package.json': '{ "name": "sandbox", "type": "module" }',
    'krepis.json': JSON.stringify(config),
    'src/a.ts': 'export const a = 1;\n',
    'own.mjs': source,
    'plugin/run.mjs': source,
    'plugin/krepis.plugin.json': JSON.stringify(manifest),
  })) {
    writeFileSync(join(folder, path), text);
  }
  const of = (...args: string[]) => ({ file: bench.krepis, args: ['run', ...args], cwd: folder, env: bench.env });
  const times = { plugin: [] as number[], own: [] as number[], both: [] as number[] };
  for (let round = -ROUNDS.warmUp; round < ROUNDS.command; round += 1) {
    const own = await wallTime(of('own'));
    const plugin = await wallTime(of('empty:run'));
    const both = await wallTime(of('own', 'empty:run'));
    if (round < 0) continue;
    times.own.push(own);
    times.plugin.push(plugin);
    times.both.push(both);
  }
  await run(of('empty:run', '--verbose'));
  const peers = { 'krepis run own (worker)': summarize(times.own) };
  return [
    row({
      id: 'run/plugin',
      title: "`krepis run` of a plugin's empty command, beside the workspace's own on a worker thread",
      unit: 'ms',
      goal: { max: 1.35, of: 'ratio' },
      ours: summarize(times.plugin),
      peers,
      against: 'krepis run own (worker)',
    }),
    row({
      id: 'run/both',
      title: 'both in one `krepis run`, beside each other',
      unit: 'ms',
      goal: { max: 2, of: 'ratio' },
      ours: summarize(times.both),
      peers,
      against: 'krepis run own (worker)',
    }),
  ];
}
