/**
 * `kill -9` of the master at each failpoint of apply and undo (Shows 6): after the next krepis call the tree is exactly
 * before or after. The points come from the binary itself, so that a new one is covered by itself.
 */
import { krepis, krepisOk } from './krepis.ts';
import { removeTemporary, sha256, snapshot, workspace } from './workspace.ts';

afterAll(removeTemporary);

const points: string[] = JSON.parse(
  krepisOk(['doctor', '--failpoints'], { cwd: __dirname, bin: 'krepis-crash' }).stdout,
).failpoints;

const files = {
  'src/a.ts': 'export const a = 1;\n',
  'src/b.ts': 'export const b = 1;\n',
  'src/gone.ts': 'export const gone = 1;\n',
};
const change = JSON.stringify({
  title: 'several',
  files: [
    { path: 'src/a.ts', before: sha256(files['src/a.ts']), text: 'export const a = 2;\n' },
    { path: 'src/b.ts', before: sha256(files['src/b.ts']), edits: [{ start: 17, end: 18, text: '2' }] },
    { path: 'src/gone.ts', before: sha256(files['src/gone.ts']), delete: true },
    { path: 'src/deep/er/new.ts', text: 'export const n = 1;\n' },
    { path: 'src/link.ts', symlink: 'a.ts' },
    { path: 'src/run.sh', text: '#!/bin/sh\n', mode: '755' },
  ],
});
/** A writing command that changes nothing by itself: it recovers first. */
const recover = (root: string) => krepisOk(['recover'], { cwd: root });

test('the binary names its failpoints', () => {
  expect(points.length).toBeGreaterThan(8);
});

describe.each(points)('killed at %s', (point) => {
  /** Kills with the signal no process can catch, at the point's first, second, … passing, until it is no more reached. */
  function killAtEveryPassing(root: string, args: string[], input: string, check: () => void): number {
    let kills = 0;
    for (let passing = 0; passing < 64; passing += 1) {
      const outcome = krepis(args, {
        cwd: root,
        input,
        bin: 'krepis-crash',
        env: { FAILPOINTS: passing === 0 ? `${point}=return` : `${point}=${passing}*off->return` },
      });
      if (outcome.signal !== 'SIGKILL') {
        expect(outcome.code).toBe(0);
        return kills;
      }
      kills += 1;
      recover(root);
      check();
    }
    throw new Error(`${point} is passed more than 64 times`);
  }

  test('in apply: before or after, and the next run of it completes', () => {
    const root = workspace(files);
    const before = snapshot(root);
    const after = (() => {
      const other = workspace(files);
      krepisOk(['apply', '-'], { cwd: other, input: change });
      return snapshot(other);
    })();
    killAtEveryPassing(root, ['apply', '-'], change, () => {
      const now = snapshot(root);
      expect([before, after]).toContainEqual(now);
      if (JSON.stringify(now) === JSON.stringify(after)) krepisOk(['undo'], { cwd: root });
      expect(snapshot(root)).toEqual(before);
    });
    expect(snapshot(root)).toEqual(after);
  });

  test('in undo: before or after, and the next run of it completes', () => {
    const root = workspace(files);
    const before = snapshot(root);
    krepisOk(['apply', '-'], { cwd: root, input: change });
    const after = snapshot(root);
    killAtEveryPassing(root, ['undo'], '', () => {
      const now = snapshot(root);
      expect([before, after]).toContainEqual(now);
      if (JSON.stringify(now) === JSON.stringify(before)) krepisOk(['redo'], { cwd: root });
      expect(snapshot(root)).toEqual(after);
    });
    expect(snapshot(root)).toEqual(before);
  });
});
