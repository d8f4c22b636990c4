import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { type Comparison, compare } from './compare.ts';
import { render, workspaces, write } from './random.ts';

const RUNS = Number(process.env.KREPIS_FUZZ_RUNS ?? 8);

async function compared(files: Record<string, string>, options = {}): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'krepis-differential-'));
  try {
    write(folder, files);
    execFileSync('git', ['init', '--quiet'], { cwd: folder });
    for (const path of Object.keys(files)) {
      if (/^(?:rust\/)?(?:Cargo\.toml|(?:excluded|alone)\/.*Cargo\.toml)$/.test(path))
        execFileSync('cargo', ['generate-lockfile', '--offline', '--quiet', '--manifest-path', path], {
          cwd: folder,
          stdio: 'pipe',
        });
    }
    return await compare(folder, true, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('random workspaces: the graph is what Cargo makes of them', async () => {
  await fc.assert(
    fc.asyncProperty(workspaces, async (model) => {
      const { crates, differences } = await compared(render(model));
      expect(crates).toBe(model.crates.length + (model.rootPackage ? 1 : 0));
      expect(differences).toEqual([]);
    }),
    { numRuns: RUNS },
  );
}, 600_000);

test('the comparison itself sees what is missing', async () => {
  const model = fc.sample(workspaces, { numRuns: 1, seed: 4 })[0];
  if (!model) throw new Error('no sample');
  const { crates, differences } = await compared(render(model), { rust: false });
  expect(differences.filter(({ what }) => what === 'crate')).toHaveLength(crates);
}, 60_000);

test('this repository', async () => {
  const { crates, differences } = await compare(resolve(__dirname, '../../../..'), false);
  expect(crates).toBeGreaterThan(8);
  expect(differences).toEqual([]);
}, 60_000);
