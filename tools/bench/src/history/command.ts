/** `krepis exec -- COMMAND` in a workspace of fifty thousand files. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../area.ts';
import { wallTime } from '../measure.ts';
import { type Row, row } from '../report.ts';
import { summarize } from '../statistics.ts';
import { folder, krepis, settle, workspace } from './places.ts';
import { tree, writeNaively } from './trees.ts';

const FILES = 50_000;
const BYTES = 2048;
/** Measured rounds; the first run of each is its own warm-up, since the cold one is what is asked. */
const ROUNDS = { first: 3, warm: 9 };
const COPY = 'cp -a --reflink=auto';

export async function command(bench: Bench): Promise<Row[]> {
  const help = spawnSync(bench.krepis, ['exec', '--help'], { env: bench.env, stdio: 'ignore' });
  if (help.status !== 0) {
    console.error('This krepis has no `exec`: its rows are left out.');
    return [];
  }
  const root = workspace(bench, 'exec');
  writeNaively(root, tree(FILES, BYTES, 1));
  const copy = join(folder(bench, 'exec-copy'), 'copy');
  const times = { first: [] as number[], copy: [] as number[], warm: [] as number[], less: [] as number[] };
  for (let round = 0; round < ROUNDS.first; round += 1) {
    rmSync(join(root, '.krepis'), { recursive: true, force: true });
    settle();
    times.first.push(await wallTime(krepis(bench, root, 'exec', '--', 'true')));
    rmSync(copy, { recursive: true, force: true });
    settle();
    const args = ['-a', '--reflink=auto', root, copy];
    rmSync(join(root, '.krepis'), { recursive: true, force: true });
    times.copy.push(await wallTime({ file: 'cp', args, cwd: root, env: bench.env }));
  }
  await wallTime(krepis(bench, root, 'exec', '--', 'true'));
  for (let round = 0; round < ROUNDS.warm; round += 1) {
    const plain = await wallTime({ file: 'true', args: [], cwd: root, env: bench.env });
    const whole = await wallTime(krepis(bench, root, 'exec', '--', 'true'));
    times.warm.push(whole);
    times.less.push(whole - plain);
  }
  return [
    row({
      id: 'exec/first',
      title:
        'the first `krepis exec -- true` among 50,000 files of 2 KiB, which keeps a copy of them, beside copying them',
      unit: 'ms',
      goal: { max: 2, of: 'ratio' },
      ours: summarize(times.first),
      peers: { [COPY]: summarize(times.copy) },
      against: COPY,
    }),
    row({
      id: 'exec/warm',
      title: 'what `krepis exec` adds to a command that changes nothing there, the second time',
      unit: 'ms',
      goal: { max: 500, of: 'ours' },
      ours: summarize(times.less),
    }),
  ];
}
