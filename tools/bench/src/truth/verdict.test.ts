import type { Work } from './edits.ts';
import { EDITS } from './edits.ts';
import { EXPLAINED, unexplained } from './explained.ts';
import type { Task } from './tools.ts';
import { expected, judge, unlike } from './verdict.ts';
import { CRATE_DEPENDENCIES, CRATES } from './workspace.ts';

const task = (id: string, ran: boolean, covers: Work[] = [id as Work]): Task => ({ id, covers, ran });

test('a hit where a run was due is stale, a run nobody needed is needless, one that may be is neither', () => {
  const before = ['a#build', 'b#build', 'c#build', 'd#build'].map((id) => task(id, false));
  const after = [task('a#build', false), task('b#build', true), task('c#build', true), task('d#build', true)];
  expect(judge({ must: ['a#build', 'b#build'], may: ['c#build'] }, before, after)).toEqual({
    stale: ['a#build'],
    needless: ['d#build'],
    allowed: ['c#build'],
    missing: [],
  });
});

test('a task that is gone after the edit is stale; one that never was is missing', () => {
  const verdict = judge({ must: ['a#build', 'b#build'], may: [] }, [task('a#build', false)], []);
  expect(verdict).toMatchObject({ stale: ['a#build'], missing: ['b#build'] });
});

test('a task for several pieces of work is needed by each of them', () => {
  const all = task('all#test', true, ['a#test', 'b#test']);
  expect(judge({ must: ['b#test'], may: [] }, [all], [all])).toMatchObject({ stale: [], needless: [] });
  const hit = { ...all, ran: false };
  expect(judge({ must: ['b#test'], may: [] }, [all], [hit, task('b#test', true)]).stale).toEqual(['b#test']);
});

test('an artefact that answers as before an edit is unlike what is expected', () => {
  const before = { addon: 'leaf-1 mid-1', app: 'leaf-1', tool: 'leaf-1', itoa: '1.0.15' };
  const wanted = expected(before, [{ in: ['addon', 'tool'], from: 'leaf-1', to: 'leaf-2' }]);
  expect(wanted).toEqual({ ...before, addon: 'leaf-2 mid-1', tool: 'leaf-2' });
  expect(unlike(before, wanted)).toEqual(['addon', 'tool']);
  expect(() => expected(before, [{ in: ['app'], from: 'gone', to: 'x' }])).toThrow('`gone` is not in what app says');
});

test.each(EDITS.map((edit) => [edit.id, edit] as const))(
  '%s: work that must be done is not work that may be',
  (_, edit) => {
    expect(edit.must.filter((work) => edit.may.includes(work))).toEqual([]);
    expect(new Set(edit.must).size).toBe(edit.must.length);
  },
);

test('what no edit names is never expected to run, and every crate depends on crates only', () => {
  const expectedOf = (id: string) => EDITS.find((edit) => edit.id === id)?.must ?? [];
  for (const id of ['leaf-crate', 'proto', 'typescript-leaf', 'lock-direct', 'buf-gen']) {
    expect(expectedOf(id).filter((work) => /lonely|island/.test(work))).toEqual([]);
  }
  expect(
    Object.values(CRATE_DEPENDENCIES)
      .flat()
      .every((folder) => folder in CRATES),
  ).toBe(true);
});

test('an explanation covers the work it names after its edit, and nothing else', () => {
  const covers = new Map<string, Work[]>([
    ['leaf:build', ['crates/leaf#build']],
    ['lonely:build', ['crates/lonely#build']],
    ['odd', []],
  ]);
  const ran = [...covers.keys()];
  expect(unexplained('readme', ran, covers)).toEqual(['lonely:build', 'odd']);
  expect(unexplained('proto', ran, covers)).toEqual(ran);
  const ids = EDITS.map(({ id }) => id);
  expect(Object.keys(EXPLAINED).filter((id) => !ids.includes(id))).toEqual([]);
});
