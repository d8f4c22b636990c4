/** The truth table's rows and footnotes. */
import { type Row, row } from '../report.ts';
import { summarize } from '../statistics.ts';
import type { Broken } from './broken.ts';
import type { Edit } from './edits.ts';
import { EXPLAINED } from './explained.ts';
import type { Outcome } from './table.ts';

/** What every tool did, by the tool's name; `ours` is one of them. */
export type ByTool<T> = Readonly<Record<string, T>>;

const COUNTED =
  'counted are build, test, lint and typecheck of every project and the generation of messages; what must run was written down from the sources of the workspace, not from any graph (tools/bench/src/truth/edits.ts), and what users of each tool write is in tools.ts';

/** Three rows of an edit: work that was not done and had to be, tasks that ran without need, artefacts that say something old. */
export function rowsOf(edit: Edit, outcomes: ByTool<Outcome>): Row[] {
  const title = `${edit.title}: ${edit.because}`;
  return [
    count({
      id: `truth/${edit.id}/stale`,
      title: `${title}; ${edit.must.length} pieces of work must be done again, stale`,
      unit: 'tasks',
      outcomes,
      of: ({ stale }) => stale.length,
      say: ({ stale, missing, code }) => [
        ...listed('from the cache', stale),
        ...listed('without a task of its own, not counted', missing),
        ...(code === 0 ? [] : [`the run ended with ${code}`]),
      ],
    }),
    count({
      id: `truth/${edit.id}/needless`,
      title: `${edit.title}: needless`,
      unit: 'tasks',
      outcomes,
      why: (outcomes.ours?.needless.length ?? 0) > 0 ? EXPLAINED[edit.id]?.because : undefined,
      of: ({ needless }) => needless.length,
      say: ({ needless, allowed, again }) => [
        ...listed('ran', needless),
        ...listed('ran too, not counted: what they read was made anew and came out the same', allowed),
        ...listed('ran again after the edit was taken back', again),
      ],
    }),
    count({
      id: `truth/${edit.id}/behaviour`,
      title: `${edit.title}: artefacts that answer as before it (addon through its loader, application, binary)`,
      unit: 'artefacts',
      outcomes,
      of: ({ old, kept }) => new Set([...old, ...kept]).size,
      say: ({ old, kept }) => [
        ...listed('old', old),
        ...listed('still the new one after the edit was taken back', kept),
      ],
    }),
  ];
}

/** The row of the broken manifest: what was lost without a word. */
export function brokenRow(outcomes: ByTool<Broken>): Row {
  return count({
    id: 'truth/broken-manifest/stale',
    title: 'a Cargo.toml that does not parse: work that is not done while the run ends with 0',
    unit: 'tasks',
    outcomes,
    of: ({ lost, code, file, line }, ours) =>
      ours && !(code !== 0 && file && line) ? Math.max(1, lost.length) : lost.length,
    say: ({ code, file, line }) => [
      `ends with ${code}, names ${file ? (line ? 'the file and the line' : 'the file') : 'neither file nor line'}`,
    ],
  });
}

/**
 * Sums over all edits.
 *
 * @param always - by tool, the tasks it runs every time; they are needless in every row that does not want them
 */
export function totals(rows: readonly Row[], always: ByTool<readonly string[]>): Row[] {
  const tools = Object.keys(always);
  return (['stale', 'needless', 'behaviour'] as const).map((kind) => {
    const of = rows.filter(({ id }) => id.endsWith(`/${kind}`));
    const sum = (tool: string) =>
      of.reduce((total, { ours, peers }) => total + ((tool === 'ours' ? ours : peers[tool]) ?? 0), 0);
    return row({
      id: `truth/total/${kind}`,
      title: `all edits: ${kind}`,
      unit: kind === 'behaviour' ? 'artefacts' : 'tasks',
      goal: { max: 0, of: 'ours' },
      ours: summarize([sum('ours')]),
      peers: Object.fromEntries(tools.filter((tool) => tool !== 'ours').map((tool) => [tool, summarize([sum(tool)])])),
      notes: [
        ...(kind === 'stale' ? [COUNTED] : []),
        ...(kind === 'needless'
          ? Object.entries(always).flatMap(([tool, tasks]) =>
              listed('never cached, so it counts wherever it is not needed', tasks).map((text) => `${tool}: ${text}`),
            )
          : []),
      ],
    });
  });
}

function count<T>({
  id,
  title,
  unit,
  outcomes,
  of,
  say,
  why,
}: {
  id: string;
  title: string;
  unit: Row['unit'];
  outcomes: ByTool<T>;
  of: (outcome: T, ours: boolean) => number;
  say: (outcome: T) => string[];
  /** Why ours is not 0. */
  why?: string | undefined;
}): Row {
  const { ours, ...peers } = outcomes;
  if (ours === undefined) throw new Error('ours was not measured');
  return row({
    id,
    title,
    unit,
    goal: { max: 0, of: 'ours' },
    ours: summarize([of(ours, true)]),
    peers: Object.fromEntries(Object.entries(peers).map(([name, outcome]) => [name, summarize([of(outcome, false)])])),
    notes: Object.entries(outcomes).flatMap(([name, outcome]) => {
      const said = say(outcome);
      const text = name === 'ours' && why !== undefined ? [...said, `because ${why}`] : said;
      return text.length > 0 ? [`${name}: ${text.join('; ')}`] : [];
    }),
  });
}

/** `crates/leaf#{build,test}` for many names: what stands before the last separator is said once. */
function listed(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const at = Math.max(name.lastIndexOf('#'), name.lastIndexOf(':'));
    const [project, kind] = at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 1)];
    groups.set(kind, [...(groups.get(kind) ?? []), project]);
  }
  const texts = [...groups].map(([kind, projects]) =>
    kind === '' ? projects.join(' ') : `${kind} of ${projects.join(', ')}`,
  );
  return [`${what}: ${texts.join('; ')}`];
}
