/** The rows of a report for people: on a terminal, and in docs/benchmarks.md. */
import type { Report, Row } from './report.ts';

const HEAD = ['', 'ours', 'peer', 'ratio', 'goal', '', 'runs'];

/** The table `npm run bench` prints. */
export function terminalTable(report: Report): string {
  const lines = [HEAD, ...report.rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = lines.map((line) =>
    line
      .map((cell, column) =>
        column === 0 || column === 2 || column > 3
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const notes = report.rows.flatMap(({ id, notes = [] }) => notes.map((note) => `${id}: ${note}`));
  return `${[...text, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')}\n`;
}

/**
 * docs/benchmarks.md.
 *
 * @param reports - by area, in the order they are shown
 */
export function markdown(reports: ReadonlyMap<string, Report>): string {
  const parts = [
    '# Benchmarks',
    '',
    'Written by `npm run bench -- --write` from a real run; `npm run bench` repeats it. Medians of interleaved runs, from the',
    'start of the process to its end, smallest and largest in parentheses. Lower is better; the ratio is ours ÷ the peer. A row',
    'that misses its goal stays. The files are in the page cache of the operating system in every run.',
  ];
  for (const [area, { machine, rows }] of reports) {
    parts.push(
      '',
      `## ${area}`,
      '',
      `${machine.date}, ${machine.os}, ${machine.cores} × ${machine.cpu}, ${machine.memory} GiB, Node.js ${machine.node}; load before the run ${machine.load}.`,
      '',
      '| | ours | peer | ratio | goal | reached | runs |',
      '|---|--:|---|--:|---|---|--:|',
      ...rows.map((row) => `| ${row.title} | ${detailedCells(row).join(' | ')} |`),
    );
    const notes = rows.flatMap(({ id, notes = [] }) => notes.map((note) => `- \`${id}\`: ${note}`));
    if (notes.length > 0) parts.push('', ...notes);
  }
  return `${parts.join('\n')}\n`;
}

function cells(row: Row): string[] {
  return [
    row.id,
    amount(row.ours, row.unit),
    peer(row),
    ratio(row),
    goal(row),
    row.ok ? 'reached' : 'MISSED',
    runs(row),
  ];
}

function detailedCells(row: Row): string[] {
  return [
    amount(row.ours, row.unit) + range(row, 'ours'),
    peer(row) + (row.against ? range(row, row.against) : ''),
    ratio(row),
    goal(row),
    row.ok ? 'yes' : '**no**',
    runs(row),
  ];
}

function amount(value: number | null | undefined, unit: string): string {
  return value === null || value === undefined ? 'not measured' : `${value} ${unit}`;
}

function peer(row: Row): string {
  if (row.against === null) {
    return Object.entries(row.peers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('; ');
  }
  return `${row.against}: ${amount(row.peers[row.against], row.unit)}`;
}

function ratio(row: Row): string {
  return row.ratio === null ? '' : `${row.ratio.toFixed(2)}x`;
}

function goal({ goal: { max, of }, unit }: Row): string {
  return of === 'ratio' ? `<= ${max}x` : `<= ${max} ${unit}`;
}

function range(row: Row, value: string): string {
  const spread = row.spread[value];
  return spread === undefined ? '' : ` (${spread.min}–${spread.max})`;
}

function runs(row: Row): string {
  return [...new Set(Object.values(row.n))].join('/');
}
