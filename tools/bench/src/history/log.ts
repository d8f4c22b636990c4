/** `krepis history` and `krepis undo` over ten thousand operations, with their index in the cache and without. */
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../area.ts';
import { run, wallTime } from '../measure.ts';
import { type Row, row } from '../report.ts';
import { summarize } from '../statistics.ts';
import { folder, krepis, said, workspace } from './places.ts';
import { changeSet } from './trees.ts';

const OPERATIONS = 10_000;
/** Measured rounds and the unmeasured ones before them. */
const ROUNDS = { measured: 11, warmUp: 2 };
const WITHOUT = 'the same without the cache';

export async function log(bench: Bench): Promise<Row[]> {
  // More are kept than by default: this is about many.
  const indexed = workspace(bench, 'log', { history: { keepOperations: 2 * OPERATIONS } });
  const change = join(folder(bench, 'changes'), 'log.json');
  console.error(`Making ${OPERATIONS} operations …`);
  for (let operation = 0; operation < OPERATIONS; operation += 1) {
    const path = `src/m${operation % 97}/f${operation}.ts`;
    writeFileSync(
      change,
      changeSet(`edit ${operation}`, new Map(), new Map([[path, `export const a = ${operation};\n`]])),
    );
    await run(krepis(bench, indexed, 'apply', change));
  }
  const stats = JSON.parse(said(krepis(bench, indexed, 'cache', 'stats', '--json')));
  const index = stats.caches.find((cache: { name: string }) => cache.name === 'history-index');
  if (!(index?.records > 0)) throw new Error(`the index was not made: ${JSON.stringify(stats)}`);

  // Where a file is in the folder's place there can be no cache.
  const bare = join(bench.scratch, 'history', 'log-bare');
  cpSync(indexed, bare, { recursive: true, preserveTimestamps: true });
  rmSync(join(bare, '.krepis/cache'), { recursive: true, force: true });
  writeFileSync(join(bare, '.krepis/cache'), '');
  const all = ['history', '--json', '-n', `${2 * OPERATIONS}`];
  if (said(krepis(bench, indexed, ...all)) !== said(krepis(bench, bare, ...all)))
    throw new Error('the history reads differently with and without its index');

  const times = {
    history: [] as number[],
    bareHistory: [] as number[],
    undo: [] as number[],
    bareUndo: [] as number[],
  };
  for (let round = -ROUNDS.warmUp; round < ROUNDS.measured; round += 1) {
    const history = await wallTime(krepis(bench, indexed, 'history'));
    const bareHistory = await wallTime(krepis(bench, bare, 'history'));
    const undo = await wallTime(krepis(bench, indexed, 'undo'));
    const bareUndo = await wallTime(krepis(bench, bare, 'undo'));
    for (const root of [indexed, bare]) await run(krepis(bench, root, 'redo'));
    if (round < 0) continue;
    times.history.push(history);
    times.bareHistory.push(bareHistory);
    times.undo.push(undo);
    times.bareUndo.push(bareUndo);
  }
  const goal = { max: 1, of: 'ratio' } as const;
  return [
    row({
      id: 'log/history',
      title: '`krepis history` over 10,000 operations, with the index in the cache',
      unit: 'ms',
      goal,
      ours: summarize(times.history),
      peers: { [WITHOUT]: summarize(times.bareHistory) },
      against: WITHOUT,
      notes: [`the index takes ${(index.bytes / 1e6).toFixed(1)} MB`],
    }),
    row({
      id: 'log/undo',
      title: '`krepis undo` there',
      unit: 'ms',
      goal,
      ours: summarize(times.undo),
      peers: { [WITHOUT]: summarize(times.bareUndo) },
      against: WITHOUT,
    }),
  ];
}
