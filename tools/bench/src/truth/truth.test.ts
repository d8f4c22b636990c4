import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Broken, breakManifest } from './broken.ts';
import { EDITS, KINDS } from './edits.ts';
import { unexplained } from './explained.ts';
import { type Baseline, baseline, measureOnly } from './table.ts';
import { ours } from './tools.ts';
import { Workplace } from './workplace.ts';

// A workspace with napi-rs is compiled under five configurations.
jest.setTimeout(900_000);

const root = join(__dirname, '..', '..', '..', '..');
let folder: string;
let place: Workplace;
let before: Baseline;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'krepis-truth-')));
  const tarballs = join(folder, 'packages');
  execFileSync(process.execPath, ['tools/tasks/pack.mjs', tarballs, '--no-build'], { cwd: root });
  const nx = readdirSync(tarballs).find((name) => /^krepis-nx-\d/.test(name));
  const env = {
    ...process.env,
    CI: 'true',
    NO_COLOR: '1',
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  };
  place = Workplace.create(ours({ '@krepis/nx': `file:${join(tarballs, nx ?? '')}` }), {
    folder: join(folder, 'truth'),
    pnpm: join(root, 'node_modules', '.bin', 'pnpm'),
    env,
  });
  before = await baseline(place);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('everything is cached when nothing has changed', () => {
  expect(before.always).toEqual([]);
  expect(before.tasks.length).toBeGreaterThan(40);
});

// Each piece of work is compiled again for these; Clippy's share takes longest and has the same inputs as the build's.
const EVERYTHING = 20;

// Each of these compiles everything under another configuration, by the same input as `rustflags`. `npm run bench -- truth`
// makes them all.
const COSTLY = new Set(['cargo-config', 'profile-variable', 'toolchain', 'toolchain-file']);

test.each(EDITS.filter(({ id }) => !COSTLY.has(id)).map((edit) => [edit.id, edit] as const))(
  '%s: what must run again does, and nothing else',
  async (_, edit) => {
    const kinds = edit.must.length > EVERYTHING ? KINDS.filter((kind) => kind !== 'lint') : KINDS;
    const { code, stale, needless, missing, old, output } = await measureOnly(place, edit, before, kinds);
    if (code !== 0) throw new Error(output);
    const covers = new Map(before.tasks.map((task) => [task.id, task.covers]));
    expect({ stale, missing, old, needless: unexplained(edit.id, needless, covers) }).toEqual({
      stale: [],
      missing: [],
      old: [],
      needless: [],
    });
  },
);

test('a manifest that does not parse fails the run with its file and line, and nothing is lost in silence', async () => {
  const broken: Broken = await breakManifest(place, before);
  expect(broken).toMatchObject({ lost: [], file: true, line: true });
  expect(broken.code).not.toBe(0);
});
