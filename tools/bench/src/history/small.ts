/** One file, and twenty: what the journal adds to a change that anybody makes by hand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../area.ts';
import { run, wallTime } from '../measure.ts';
import { type Row, row } from '../report.ts';
import { summarize } from '../statistics.ts';
import { folder, krepis, workspace } from './places.ts';
import { assertTree, changeSet, tree, writeNaively } from './trees.ts';

/** Measured rounds and the unmeasured ones before them. */
const ROUNDS = { measured: 40, warmUp: 3 };

export async function small(bench: Bench): Promise<Row[]> {
  return [await of(bench, 1, 10), await of(bench, 20, 30)];
}

async function of(bench: Bench, files: number, most: number): Promise<Row> {
  const [from, to] = [tree(files, 4096, 1), tree(files, 4096, 2)];
  const root = workspace(bench, `small-${files}`);
  writeNaively(root, from);
  const change = join(folder(bench, 'changes'), `small-${files}.json`);
  writeFileSync(change, changeSet('edit', from, to));
  const times = { cost: [] as number[], whole: [] as number[], undo: [] as number[] };
  for (let round = -ROUNDS.warmUp; round < ROUNDS.measured; round += 1) {
    const dry = await wallTime(krepis(bench, root, 'apply', change, '--dry-run'));
    const whole = await wallTime(krepis(bench, root, 'apply', change));
    if (round === 0) assertTree(root, to);
    const undo = await wallTime(krepis(bench, root, 'undo'));
    if (round < 0) continue;
    times.cost.push(whole - dry);
    times.whole.push(whole);
    times.undo.push(undo);
  }
  assertTree(root, from);
  await run(krepis(bench, root, 'history'));
  const [whole, undo] = [summarize(times.whole), summarize(times.undo)];
  return row({
    id: `journal/${files}`,
    title: `what recording and writing add to \`krepis apply\` of ${files === 1 ? 'one file' : `${files} files`}: its time less that of \`--dry-run\``,
    unit: 'ms',
    goal: { max: most, of: 'ours' },
    ours: summarize(times.cost),
    notes: [`the whole command: ${whole.median.toFixed(1)} ms; its undo: ${undo.median.toFixed(1)} ms`],
  });
}
