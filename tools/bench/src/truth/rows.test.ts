import type { Edit } from './edits.ts';
import { brokenRow, rowsOf, totals } from './rows.ts';
import type { Outcome } from './table.ts';

const edit: Edit = {
  id: 'leaf',
  title: 'a leaf',
  because: 'it is compiled',
  must: ['a#build', 'b#build'],
  may: [],
  changes: [],
  apply: () => {},
};
const nothing: Outcome = {
  stale: [],
  needless: [],
  allowed: [],
  missing: [],
  code: 0,
  old: [],
  kept: [],
  again: [],
  output: '',
};

test('what a tool left stale, ran without need and kept old is counted and named', () => {
  const peer: Outcome = {
    ...nothing,
    stale: ['a#build', 'b#build'],
    needless: ['c:test'],
    old: ['addon'],
    kept: ['addon', 'app'],
  };
  const rows = rowsOf(edit, { ours: nothing, peer });
  expect(rows.map(({ id, ours, peers, ok }) => [id, ours, peers.peer, ok])).toEqual([
    ['truth/leaf/stale', 0, 2, true],
    ['truth/leaf/needless', 0, 1, true],
    ['truth/leaf/behaviour', 0, 2, true],
  ]);
  expect(rows[0]?.notes).toEqual(['peer: from the cache: build of a, b']);
  const [stale, needless, behaviour] = totals(rows, { ours: [], peer: ['d:build'] });
  expect([stale?.peers.peer, needless?.peers.peer, behaviour?.peers.peer]).toEqual([2, 1, 2]);
  expect(needless?.notes).toEqual(['peer: never cached, so it counts wherever it is not needed: build of d']);
});

test('ours misses the goal with one stale task, and with a run that failed it says so', () => {
  const [stale] = rowsOf(edit, { ours: { ...nothing, stale: ['a#build'], code: 1 } });
  expect(stale).toMatchObject({
    ours: 1,
    ok: false,
    notes: ['ours: from the cache: build of a; the run ended with 1'],
  });
});

test('a broken manifest has to fail our run with file and line; a peer may be vague, not silent', () => {
  const loud = { code: 1, lost: [], file: true, line: true } as const;
  expect(brokenRow({ ours: loud, peer: { ...loud, line: false } })).toMatchObject({
    ours: 0,
    peers: { peer: 0 },
    ok: true,
  });
  expect(brokenRow({ ours: { ...loud, line: false } })).toMatchObject({ ours: 1, ok: false });
  const silent = { code: 0, lost: ['a#build' as const], file: false, line: false };
  expect(brokenRow({ ours: loud, peer: silent }).peers).toEqual({ peer: 1 });
});
