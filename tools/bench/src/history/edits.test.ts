import { states } from './edits.ts';

test('each state differs from the one before in one to three files, and files stay of a size that people write', () => {
  const all = [...states(300)];
  expect(all).toHaveLength(301);
  for (const [index, state] of all.slice(1).entries()) {
    const before = all[index];
    const changed = [...state].filter(([path, text]) => before?.get(path) !== text);
    expect(changed.length).toBeLessThanOrEqual(3);
    expect(changed.length).toBeGreaterThanOrEqual(1);
  }
  for (const text of all.at(-1)?.values() ?? []) {
    expect(text.split('\n').length).toBeLessThan(600);
    expect(text).toMatch(/^import .*\n[\s\S]*\n\}\n$/);
  }
});

test('two runs make the same edits', () => {
  expect([...states(20)]).toEqual([...states(20)]);
});
