/**
 * What `krepis exec` costs over the command it runs, beside a plain copy of the same files.
 *
 * `measureExec` gives the rows to an area; `node tools/bench/src/exec.ts [--files N]` prints them as JSON.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wallTime } from './measure.ts';
import { type Row, row } from './report.ts';
import { summarize } from './statistics.ts';

/** What is measured, and with what. */
export interface ExecBench {
  /** The built `krepis`. */
  readonly krepis: string;
  /** Empty folder. */
  readonly scratch: string;
  readonly env: NodeJS.ProcessEnv;
  /** Files of the workspace; 50,000 is what the goals are about. */
  readonly files?: number;
}

const ROUNDS = { cold: 3, warm: 9 };

/** Rows `exec/warm`, `exec/first`, `exec/edit`, `exec/base`. */
export async function measureExec(bench: ExecBench): Promise<readonly Row[]> {
  const files = bench.files ?? 50_000;
  const root = join(bench.scratch, 'exec-workspace');
  const copy = join(bench.scratch, 'exec-copy');
  const bytes = build(root, files);
  const run = (file: string, args: readonly string[]) => wallTime({ file, args, cwd: root, env: bench.env });
  const times = {
    first: [] as number[],
    copy: [] as number[],
    warm: [] as number[],
    bare: [] as number[],
    edit: [] as number[],
  };
  const edit = ['sh', '-c', 'for n in 1 2 3 4 5 6 7 8 9; do echo "// $$" >> d0/f$n.ts; done'];
  try {
    // What the copy and the first run read lies in the page cache for both.
    await run('grep', ['-rqc', 'no such text', 'd0']).catch(() => undefined);
    for (let round = 0; round < ROUNDS.cold; round += 1) {
      rmSync(copy, { recursive: true, force: true });
      rmSync(join(root, '.krepis'), { recursive: true, force: true });
      spawnSync('sync');
      times.copy.push(await run('cp', ['-a', '--reflink=auto', root, copy]));
      rmSync(copy, { recursive: true, force: true });
      spawnSync('sync');
      times.first.push(await run(bench.krepis, ['exec', '--', 'true']));
    }
    const base = sizeOf(join(root, '.krepis', 'history', 'base'));
    await run(bench.krepis, ['exec', '--', 'true']);
    for (let round = 0; round < ROUNDS.warm; round += 1) {
      times.bare.push(await run('true', []));
      times.warm.push(await run(bench.krepis, ['exec', '--', 'true']));
      times.edit.push(await run(bench.krepis, ['exec', '--', ...edit]));
      // What was edited is read again by the next run; that is not part of the warm row.
      await run(bench.krepis, ['exec', '--', 'true']);
    }
    const bare = summarize(times.bare).median;
    const over = (values: readonly number[]) => summarize(values.map((value) => value - bare));
    const count = `${files.toLocaleString('en')} files (${Math.round(bytes / 1e6)} MB)`;
    return [
      row({
        id: 'exec/warm',
        title: `\`krepis exec -- true\` over \`true\`, ${count}, nothing changed since the last run`,
        unit: 'ms',
        goal: { max: 500, of: 'ours' },
        ours: over(times.warm),
      }),
      row({
        id: 'exec/first',
        title: `the first \`krepis exec -- true\`, which saves ${count}, beside \`cp -a --reflink=auto\``,
        unit: 'ms',
        goal: { max: 2, of: 'ratio' },
        ours: over(times.first),
        peers: { 'cp -a': summarize(times.copy) },
        against: 'cp -a',
        notes: ['ours is synced to disk before the command runs, the copy is not'],
      }),
      row({
        id: 'exec/edit',
        title: `\`krepis exec\` of a command that edits 9 of ${count}`,
        unit: 'ms',
        goal: { max: 700, of: 'ours' },
        ours: over(times.edit),
      }),
      row({
        id: 'exec/base',
        title: `what the saved contents of ${count} take on disk`,
        unit: 'MB',
        goal: { max: bytes / 1e6, of: 'ours' },
        ours: summarize([base / 1e6]),
      }),
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Source-like files of 200 bytes to 8 KiB, 50 in a folder; their bytes. */
function build(root: string, files: number): number {
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'krepis.json'), '{ "schema": 1, "elements": [], "rules": [] }\n');
  writeFileSync(join(root, '.gitignore'), 'node_modules/\ndist/\n*.log\ncoverage/\n.cache/\n');
  let bytes = 0;
  for (let n = 0; n < files; n += 1) {
    if (n % 50 === 0) mkdirSync(join(root, `d${n / 50}`));
    const seed = createHash('sha256').update(String(n)).digest();
    const length = 200 + (seed.readUInt32LE(0) % (8192 - 200));
    let text = '';
    for (let line = 0; text.length < length; line += 1) {
      const word = seed.toString('hex', line % 24, (line % 24) + 6);
      text += `export const value${line}_${word} = compute(${line}, '${word}', { n: ${n}, deep: [${line}, ${line * 7}] });\n`;
    }
    writeFileSync(join(root, `d${Math.floor(n / 50)}`, `f${n % 50}.ts`), text.slice(0, length));
    bytes += length;
  }
  return bytes;
}

function sizeOf(folder: string): number {
  const run = spawnSync('du', ['-sb', folder], { encoding: 'utf8' });
  return Number(run.stdout.split('\t')[0]);
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: { files: { type: 'string', default: '50000' }, krepis: { type: 'string' } },
  });
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'krepis-exec-')));
  const krepis = values.krepis ?? join(import.meta.dirname, '..', '..', '..', 'dist', 'bin', 'krepis');
  try {
    const rows = await measureExec({ krepis, scratch, env: process.env, files: Number(values.files) });
    console.log(JSON.stringify({ schema: 1, rows }, null, 2));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
