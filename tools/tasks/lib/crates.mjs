/** The tests of all crates in one run of Cargo. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail, root } from '../setup.mjs';

/**
 * Tests every crate of the workspace that no package.json shares a folder with, and writes a summary for each.
 *
 * `cargo test -p NAME` in turn compiles what it needs with the features that NAME alone asks for, and so most crates of the
 * registry several times. In one run all crates are built with the union of their features.
 *
 * @param {string} results - folder of the summaries, `<crate>.json`
 * @returns {Promise<string[]>} names of the crates
 */
export async function testCrates(results) {
  const { packages } = JSON.parse(cargo(['metadata', '--no-deps', '--format-version=1', '--locked']));
  const alone = packages.filter(({ manifest_path }) => !existsSync(join(dirname(manifest_path), 'package.json')));
  const others = packages.filter((crate) => !alone.includes(crate));
  const selection = [
    'test',
    '--workspace',
    '--locked',
    ...others.flatMap(({ name }) => ['--exclude', name]),
    ...alone.flatMap(({ name, metadata }) => featuresOf(name, metadata?.nx?.['test-args'] ?? [])),
  ];
  const built = cargo([...selection, '--no-run', '--message-format=json-render-diagnostics']);
  const { code, output } = await cargoEchoed([...selection, '--no-fail-fast']);
  const nameOf = new Map(alone.map(({ name, manifest_path }) => [manifest_path, name]));
  const counts = countByCrate(output, binariesOf(built, nameOf), alone);
  // A run that failed without a failed test, for example in a doc test that does not compile, is nobody's success.
  if (code !== 0 && [...counts.values()].every(({ failed }) => failed === 0))
    for (const each of counts.values()) each.failed += 1;
  for (const [project, count] of counts) {
    writeFileSync(join(results, `${project}.json`), `${JSON.stringify({ schema: 1, project, ...count })}\n`);
  }
  return alone.map(({ name }) => name);
}

/**
 * Adds up what `cargo test` prints, crate by crate. A binary that ends without a result, as one that is killed, failed.
 *
 * @param {string} output - stdout and stderr in the order they were written
 * @param {Map<string, string>} binaries - file name of a test binary -> crate
 * @param {readonly { name: string, targets: readonly { name: string, kind: readonly string[] }[] }[]} crates
 * @returns {Map<string, { passed: number, failed: number, skipped: number }>}
 */
export function countByCrate(output, binaries, crates) {
  const counts = new Map(crates.map(({ name }) => [name, { passed: 0, failed: 0, skipped: 0 }]));
  const libraries = new Map(
    crates.flatMap(({ name, targets }) =>
      targets.flatMap((target) => (target.kind.some((kind) => LIBRARIES.has(kind)) ? [[target.name, name]] : [])),
    ),
  );
  let current;
  let results = 0;
  const close = () => {
    if (current && results === 0) current.failed += 1;
  };
  for (const line of output.split('\n')) {
    const binary = /^\s+Running (?:unittests )?\S+ \((.+)\)$/.exec(line)?.[1];
    const library = /^\s+Doc-tests (\S+)$/.exec(line)?.[1];
    if (binary !== undefined || library !== undefined) {
      close();
      const crate = library === undefined ? binaries.get(basename(binary)) : libraries.get(library);
      current = counts.get(crate);
      if (current === undefined) throw new Error(`whose tests are these: ${line.trim()}`);
      results = 0;
      continue;
    }
    const [, passed, failed, ignored] = RESULT.exec(line) ?? [];
    if (passed === undefined || current === undefined) continue;
    results += 1;
    current.passed += Number(passed);
    current.failed += Number(failed);
    current.skipped += Number(ignored);
  }
  close();
  return counts;
}

/** Kinds of targets that have doc tests. */
const LIBRARIES = new Set(['lib', 'rlib', 'cdylib', 'proc-macro']);

const RESULT = /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored;/;

/** `test-args` of a crate for a run of several: its features by their full names. */
function featuresOf(name, args) {
  if (args.length === 0) return [];
  const [flag, features, ...rest] = args;
  if (flag !== '--features' || rest.length > 0)
    fail(`test-args of ${name}: only --features can be said for one crate of several`);
  return [
    '--features',
    features
      .split(',')
      .map((feature) => `${name}/${feature}`)
      .join(','),
  ];
}

/** File names of the test binaries in Cargo's messages -> name of their crate. */
function binariesOf(messages, nameOf) {
  const artifacts = messages
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter(({ reason, executable, profile }) => reason === 'compiler-artifact' && executable && profile.test);
  return new Map(artifacts.map(({ executable, manifest_path }) => [basename(executable), nameOf.get(manifest_path)]));
}

function cargo(args) {
  const ended = spawnSync('cargo', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 256 << 20,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (ended.error) fail(`cannot start cargo: ${ended.error.message}`);
  if (ended.status !== 0) fail(`cargo ${args.join(' ')} ended with ${ended.status}`);
  return ended.stdout;
}

/** Runs Cargo with both its streams in one, shown as they come: which binary a result is of shows by its place alone. */
function cargoEchoed(args) {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', 'exec cargo "$@" 2>&1', 'cargo', ...args], {
      cwd: root,
      env: { ...process.env, CARGO_TERM_COLOR: 'never' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
