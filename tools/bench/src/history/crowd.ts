/** Sixteen processes that all write one workspace. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../area.ts';
import { wallTime } from '../measure.ts';
import { type Row, row } from '../report.ts';
import { percentile, summarize } from '../statistics.ts';
import { folder, krepis, said, workspace } from './places.ts';
import { changeSet } from './trees.ts';

const WRITERS = 16;
const OPERATIONS = 50;
const ROUNDS = 3;

export async function crowd(bench: Bench): Promise<Row[]> {
  const [lost, waits] = [[] as number[], [] as number[]];
  for (let round = 0; round < ROUNDS; round += 1) {
    const root = workspace(bench, `crowd-${round}`);
    const changes = folder(bench, `crowd-${round}-changes`);
    const times: number[] = [];
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        for (let operation = 0; operation < OPERATIONS; operation += 1) {
          const name = `w${writer}-${operation}`;
          const file = join(changes, `${name}.json`);
          writeFileSync(
            file,
            changeSet(name, new Map(), new Map([[`src/${name}.ts`, `export const a = ${operation};\n`]])),
          );
          times.push(await wallTime(krepis(bench, root, 'apply', file)));
        }
      }),
    );
    const document = JSON.parse(said(krepis(bench, root, 'history', '--json', '-n', '100000')));
    const titles = new Set(document.operations.map((operation: { title: string }) => operation.title));
    lost.push(WRITERS * OPERATIONS - titles.size);
    waits.push(percentile(times, 0.95));
  }
  return [
    row({
      id: 'crowd/lost',
      title: 'operations lost of 16 processes that do 50 each, all at once',
      unit: 'operations',
      goal: { max: 0, of: 'ours' },
      ours: summarize(lost),
    }),
    row({
      id: 'crowd/p95',
      title: 'the time that 95 of 100 of these operations took at most, waiting included',
      unit: 'ms',
      goal: { max: 500, of: 'ours' },
      ours: summarize(waits),
    }),
  ];
}
