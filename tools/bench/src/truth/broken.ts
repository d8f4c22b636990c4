/** What a broken manifest does to each tool: the whole Rust half of the graph depends on it. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Work } from './edits.ts';
import { EDITS } from './edits.ts';
import type { Baseline } from './table.ts';
import { judge } from './verdict.ts';
import type { Workplace } from './workplace.ts';

/** How a tool takes a manifest that does not parse. */
export interface Broken {
  /** Exit code of the run. */
  readonly code: number | null;
  /** Work that was not done though the run ended with 0: silently lost. */
  readonly lost: readonly Work[];
  /** Whether the output names the file. */
  readonly file: boolean;
  /** Whether it names the line, too. */
  readonly line: boolean;
}

const MANIFEST = 'crates/leaf/Cargo.toml';

/** Breaks the Cargo.toml of a leaf crate, runs everything, and takes it back. */
export async function breakManifest(place: Workplace, { tasks }: Baseline): Promise<Broken> {
  let line = 0;
  place.apply({
    apply({ root }) {
      const file = join(root, MANIFEST);
      appendFileSync(file, '[dependencies\n');
      line = place.linesOf(MANIFEST);
    },
  });
  const { code, output, tasks: after } = await place.run();
  place.revert();
  const edit = EDITS.find(({ id }) => id === 'leaf-crate');
  if (edit === undefined) throw new Error('no edit `leaf-crate`');
  const plain = output.replaceAll('\\', '/');
  return {
    code,
    lost: code === 0 ? judge(edit, tasks, after).stale : [],
    file: plain.includes(MANIFEST),
    // `Cargo.toml:12` as compilers say it; Cargo's own arrow has it too.
    line: plain.includes(`${MANIFEST}:${line}`),
  };
}
