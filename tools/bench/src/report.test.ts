import { row } from './report.ts';
import { percentile, summarize } from './statistics.ts';
import { markdown, terminalTable } from './table.ts';

const base = { id: 'x', title: '`x` beside y', unit: 'ms' as const };

test('a sample is the median, the number of runs, and the smallest and largest', () => {
  expect(summarize([5, 1, 3])).toEqual({ median: 3, n: 3, spread: { min: 1, max: 5 } });
  expect(summarize([4, 1, 2, 3])).toMatchObject({ median: 2.5, n: 4 });
  expect(() => summarize([])).toThrow(RangeError);
});

test('a percentile is one of the values, and as many as asked are not above it', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(values, 0.95)).toBe(95);
  expect(percentile(values, 1)).toBe(100);
  expect(percentile([7], 0.5)).toBe(7);
  expect(() => percentile([], 0.5)).toThrow(RangeError);
});

test('a row keeps medians, runs and spread per value, and the ratio is ours divided by the named peer', () => {
  const made = row({
    ...base,
    goal: { max: 0.35, of: 'ratio' },
    ours: summarize([30, 31, 35]),
    peers: { 'y@1': summarize([100, 110]), 'z@2': summarize([10]) },
    against: 'y@1',
  });
  expect(made).toEqual({
    ...base,
    ours: 31,
    peers: { 'y@1': 105, 'z@2': 10 },
    against: 'y@1',
    ratio: 0.295,
    goal: { max: 0.35, of: 'ratio' },
    n: { ours: 3, 'y@1': 2, 'z@2': 1 },
    spread: { ours: { min: 30, max: 35 }, 'y@1': { min: 100, max: 110 }, 'z@2': { min: 10, max: 10 } },
    ok: true,
  });
});

test.each([
  ['a ratio at its most', { max: 0.5, of: 'ratio' as const }, [50], true],
  ['a ratio above', { max: 0.5, of: 'ratio' as const }, [50.1], false],
  ['ours at its most', { max: 40, of: 'ours' as const }, [40], true],
  ['ours above by less than is printed', { max: 40, of: 'ours' as const }, [40.01], false],
])('%s', (_, goal, values, ok) => {
  const made = row({ ...base, goal, ours: summarize(values), peers: { y: summarize([100]) }, against: 'y' });
  expect(made.ok).toBe(ok);
});

test('a value that could not be measured is null, and its goal not reached', () => {
  expect(row({ ...base, goal: { max: 40, of: 'ours' }, ours: null })).toMatchObject({
    ours: null,
    ratio: null,
    ok: false,
    n: {},
  });
  const alone = row({ ...base, goal: { max: 1, of: 'ratio' }, ours: summarize([1]), against: 'y' });
  expect(alone).toMatchObject({ ours: 1, peers: {}, against: 'y', ratio: null, ok: false });
});

test('the tables show a missed goal as such', () => {
  const machine = { os: 'Linux', cpu: 'a CPU', cores: 2, memory: 8, load: 0.5, node: '24.0.0', date: '2026-01-02' };
  const missed = row({
    ...base,
    goal: { max: 0.35, of: 'ratio' },
    ours: summarize([50]),
    peers: { 'y@1': summarize([100]) },
    against: 'y@1',
  });
  const report = { schema: 1 as const, machine, rows: [missed] };
  expect(terminalTable(report)).toMatch(/^x +50 ms +y@1: 100 ms +0\.50x +<= 0\.35x +MISSED +1$/m);
  const text = markdown(new Map([['area', report]]));
  expect(text).toContain('| `x` beside y | 50 ms (50–50) | y@1: 100 ms (100–100) | 0.50x | <= 0.35x | **no** | 1 |');
  expect(text).toContain('2026-01-02, Linux, 2 × a CPU, 8 GiB, Node.js 24.0.0; load before the run 0.5.');
});
