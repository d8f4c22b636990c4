/**
 * Compares the graph that @krepis/nx infers with what Cargo and the package manager say, over any checked-out repositories.
 *
 * `node tools/bench/src/foreign/differential.ts [--resolve] [--json] DIR…`
 *
 * The plugin reads Cargo.toml itself instead of starting Cargo; this is the evidence that it reads them as Cargo does.
 * Nothing is built or written in the repositories. Exit code 1 with any difference.
 */
import { resolve as absolute } from 'node:path';
import { parseArgs } from 'node:util';
import { type Comparison, compare } from './compare.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    resolve: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    limit: { type: 'string', default: '6' },
  },
});
if (positionals.length === 0) {
  console.error('usage: differential.ts [--resolve] [--json] DIR…');
  process.exit(2);
}
let bad = false;
for (const repository of positionals) {
  const result = await compare(absolute(repository), values.resolve);
  bad ||= result.differences.length > 0;
  if (values.json) console.log(JSON.stringify(result));
  else print(result, Number(values.limit));
}
process.exit(bad ? 1 : 0);

/** One line for the repository, then its differences by kind, the first few of each. */
function print(result: Comparison, limit: number): void {
  const { repository, crates, crateEdges, packages, packageEdges, externalPairs, milliseconds, differences } = result;
  console.log(
    `${repository}: ${crates} crates, ${crateEdges} edges, ${externalPairs} externals; ${packages} packages, ${packageEdges} edges; ` +
      `ours in ${milliseconds} ms; ${differences.length} differences`,
  );
  const groups = Map.groupBy(differences, ({ kind, what }) => `${kind} ${what}`);
  for (const [group, list] of groups) {
    console.log(`  ${group}: ${list.length}`);
    for (const { where, expected, ours } of list.slice(0, limit))
      console.log(
        `    ${where}${expected === undefined ? '' : ` expected ${expected}`}${ours === undefined ? '' : ` ours ${ours}`}`,
      );
  }
}
