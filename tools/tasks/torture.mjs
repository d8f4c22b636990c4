/**
 * `npm run torture [-- SUITE…]`: the long tests with their full figures; CI runs the same suites with smaller ones.
 *
 * Prints every figure as it comes and all of them again at the end. A model run that fails names its seed:
 * `KREPIS_SEED=… npm run torture -- model` has it again.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fail, onWorkspaceNode, root } from './setup.mjs';

onWorkspaceNode();

const suites = {
  model: 'krepis-history',
  kill: 'krepis-history',
  power: 'krepis-history',
  format: 'krepis-history',
  processes: 'krepis-workspace',
};
const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in suites));
if (unknown.length > 0) {
  fail(`npm run torture: no suite ${unknown.join(', ')}; there are ${Object.keys(suites).join(', ')}.`);
}

/** Runs one suite; its lines go through, its figures are kept. */
async function torture(name, figures) {
  const flags = ['test', '-p', suites[name], '--features', 'failpoints', '--locked', '--test', name];
  // One test after the other: each of them measures, and some use every core.
  const child = spawn('cargo', [...flags, '--', '--test-threads=1'], {
    cwd: root,
    env: { ...process.env, KREPIS_TORTURE: '1', CI: 'true' },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  for await (const line of createInterface({ input: child.stderr })) {
    console.error(line);
    const at = line.indexOf('figures: ');
    if (at >= 0) figures.push(line.slice(at + 'figures: '.length));
  }
  return (await ended) === 0;
}

const [figures, failed] = [[], []];
for (const name of named.length > 0 ? named : Object.keys(suites)) {
  if (!(await torture(name, figures))) failed.push(name);
}
console.log(`\n${figures.join('\n')}`);
if (failed.length > 0) fail(`npm run torture: failed: ${failed.join(', ')}.`);
console.log(`\nnpm run torture: everything held.`);
