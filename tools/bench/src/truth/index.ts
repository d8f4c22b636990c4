/** Area `truth`: which tasks run after an edit, and which would have had to, for us and for others. */
import { join } from 'node:path';
import type { Area, Bench } from '../area.ts';
import type { Row } from '../report.ts';
import { type Broken, breakManifest } from './broken.ts';
import { EDITS } from './edits.ts';
import { brokenRow, rowsOf, totals } from './rows.ts';
import { baseline, measure, type Outcome } from './table.ts';
import { monodon, nxAlone, ours, type Tool, turbo } from './tools.ts';
import { Workplace } from './workplace.ts';

/** What one tool did in all. */
interface Column {
  /** Tasks that run every time, whatever has changed. */
  readonly always: readonly string[];
  readonly edits: Readonly<Record<string, Outcome>>;
  readonly broken: Broken;
}

export const truth: Area = {
  name: 'truth',
  async measure(bench) {
    const tools = [ours(packed(bench)), nxAlone, monodon, turbo(false), turbo(true)];
    const columns = new Map<string, Column>();
    let lock: string | undefined;
    for (const tool of tools) {
      const place = Workplace.create(tool, {
        folder: join(bench.scratch, 'truth', tool.id),
        pnpm: bench.pnpm,
        env: bench.env,
        ...(lock === undefined ? {} : { lock }),
      });
      // Others may have come out with new versions in between: all build the same ones.
      lock ??= place.lock;
      columns.set(tool.name, await column(place, tool));
    }
    const rows = EDITS.flatMap((edit) =>
      rowsOf(
        edit,
        byTool(columns, ({ edits }) => edits[edit.id] as Outcome),
      ),
    );
    const all: Row[] = [...rows, brokenRow(byTool(columns, ({ broken }) => broken))];
    return [
      ...totals(
        all,
        byTool(columns, ({ always }) => always),
      ),
      ...all,
    ];
  },
};

async function column(place: Workplace, tool: Tool): Promise<Column> {
  const start = performance.now();
  const say = (what: string) =>
    console.error(`${tool.name}: ${what} (${Math.round((performance.now() - start) / 1000)} s)`);
  const before = await baseline(place);
  say(`${before.tasks.length} tasks, ${before.always.length} of them uncached`);
  const edits: Record<string, Outcome> = {};
  for (const edit of EDITS) {
    const outcome = await measure(place, edit, before);
    edits[edit.id] = outcome;
    say(`${edit.id}: ${outcome.stale.length} stale, ${outcome.needless.length} needless, ${outcome.old.length} old`);
  }
  const broken = await breakManifest(place, before);
  say(`broken manifest: ends with ${broken.code}`);
  return { always: before.always, edits, broken };
}

function byTool<T>(columns: ReadonlyMap<string, Column>, of: (column: Column) => T): Record<string, T> {
  return Object.fromEntries([...columns].map(([name, column]) => [name, of(column)]));
}

/** The packed packages as a user would name them. */
function packed({ tarballs }: Bench): Record<string, string> {
  return Object.fromEntries(tarballs.packages.map(({ name, file }) => [name, `file:${file}`]));
}
