/**
 * `npm run bench [-- AREA… [--write]]`: measures, prints a table and writes dist/bench/AREA.json.
 *
 * Started by tools/tasks/bench.mjs, which builds before. Without areas: all. `--write` also writes docs/benchmarks.md,
 * from the areas measured now and, for the others, from their last run.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Area, Tarballs } from './area.ts';
import { cache } from './cache.ts';
import { generate } from './generate.ts';
import { graph } from './graph/index.ts';
import { history } from './history/index.ts';
import { machine, type Report } from './report.ts';
import { sandbox } from './sandbox.ts';
import { markdown, terminalTable } from './table.ts';
import { truth } from './truth/index.ts';

const AREAS: readonly Area[] = [generate, truth, graph, cache, history, sandbox];

const root = join(import.meta.dirname, '..', '..', '..');
const results = join(root, 'dist', 'bench');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, tarballs: { type: 'string' } },
});
const unknown = positionals.find((name) => !AREAS.some((area) => area.name === name));
if (unknown !== undefined || values.tarballs === undefined) {
  const known = AREAS.map((area) => area.name).join(', ');
  const what = unknown === undefined ? '--tarballs DIR is missing' : `there is no area \`${unknown}\``;
  console.error(`${what}\nusage: npm run bench -- [AREA…] [--write]; areas: ${known}`);
  process.exit(2);
}

mkdirSync(results, { recursive: true });
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'krepis-bench-')));
try {
  const cache = join(scratch, 'cache');
  const bench = {
    krepis: join(root, 'dist', 'bin', process.platform === 'win32' ? 'krepis.exe' : 'krepis'),
    tarballs: tarballsIn(values.tarballs),
    pnpm: join(root, 'node_modules', '.bin', 'pnpm'),
    peers: join(root, 'node_modules', '.cache', 'krepis-bench'),
    scratch,
    cache,
    env: environment(cache),
  };
  for (const area of AREAS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    // Before the run: the load is that of others.
    const measuredOn = machine(new Date());
    const report: Report = { schema: 1, machine: measuredOn, rows: await area.measure(bench) };
    writeFileSync(join(results, `${area.name}.json`), `${JSON.stringify(report, null, 2)}\n`);
    console.log(`\n${area.name}\n${terminalTable(report)}`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (values.write) writeFileSync(join(root, 'docs', 'benchmarks.md'), markdown(lastReports()));

/** The last report of every area that was measured here. */
function lastReports(): Map<string, Report> {
  const found = new Map<string, Report>();
  for (const { name } of AREAS) {
    const file = join(results, `${name}.json`);
    if (existsSync(file)) found.set(name, JSON.parse(readFileSync(file, 'utf8')));
  }
  return found;
}

function tarballsIn(folder: string): Tarballs {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.tgz'))
    .sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(folder, file)));
  // `@krepis/nx` pulls in what it needs of the others by their `file:` paths.
  const nx = files.find((file) => /^krepis-nx-\d/.test(file));
  if (nx === undefined) throw new Error(`${folder} holds no tarball of @krepis/nx: run \`npm run pack -- ${folder}\``);
  return { packages: [{ name: '@krepis/nx', file: join(folder, nx) }], digest: hash.digest('hex') };
}

/** The machine's environment with a cache of this run only, and without what would steer a program from outside; this Node.js first on PATH. */
function environment(cache: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(env)) if (/^(KREPIS_|NX_|NODE_OPTIONS$|npm_)/i.test(name)) delete env[name];
  return {
    ...env,
    CI: 'true',
    NO_COLOR: '1',
    KREPIS_CACHE_DIR: cache,
    PATH: [dirname(process.execPath), env.PATH].join(delimiter),
  };
}
