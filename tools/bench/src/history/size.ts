/** What five hundred edits weigh. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../area.ts';
import { run } from '../measure.ts';
import { type Row, row } from '../report.ts';
import { summarize } from '../statistics.ts';
import { states } from './edits.ts';
import { bytesBelow, folder, git, gitVersion, krepis, workspace } from './places.ts';
import { changeSet, type Tree, writeNaively } from './trees.ts';

const EDITS = 500;

export async function size(bench: Bench): Promise<Row> {
  const ours = workspace(bench, 'size-ours');
  const theirs = folder(bench, 'size-git');
  const change = join(folder(bench, 'changes'), 'size.json');
  await run(git(bench, theirs, 'init', '-q'));
  let before: Tree = new Map();
  for (const state of states(EDITS)) {
    writeFileSync(change, changeSet('edit', before, state));
    await run(krepis(bench, ours, 'apply', change));
    writeNaively(theirs, new Map([...state].filter(([path, text]) => before.get(path) !== text)));
    await run(git(bench, theirs, 'add', '-A'));
    await run(git(bench, theirs, 'commit', '-q', '-m', 'edit'));
    before = state;
  }
  const megabytes = (path: string) => summarize([bytesBelow(path) / 1e6]);
  const name = gitVersion(bench);
  const loose = megabytes(join(theirs, '.git'));
  await run(git(bench, theirs, 'gc', '-q'));
  return row({
    id: 'size',
    title: `the history's files after ${EDITS} edits of TypeScript, each with its texts before and after, beside \`.git\` after as many commits`,
    unit: 'MB',
    goal: { max: 1, of: 'ratio' },
    ours: megabytes(join(ours, '.krepis/history')),
    peers: { [name]: loose, [`${name} after git gc`]: megabytes(join(theirs, '.git')) },
    against: name,
    notes: ['the goal is ours: the issue names none'],
  });
}
