/**
 * Makes the runner that the CLI starts: `node bundle.mjs [--out DIR] [--generator FILE]`; default dist/runner at the
 * repository's root.
 *
 *   main.cjs       the runner: frames, commands, pool
 *   worker.cjs     a worker thread
 *   generator.cjs  the built-in generators with ts-morph, loaded where one is asked for
 *   snapshot.cjs   all of it in one file, from which a start-up snapshot is built on the user's machine
 *   build-snapshot.cjs  builds and checks that snapshot in the background
 *   plugin.cjs     a plugin's process: one command, confined
 *   plugin-api.cjs what a plugin gets for `@krepis/plugin`
 *   digest         sha256 over the files above: what caches are keyed by
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const ENTRIES = ['main', 'worker', 'generator', 'snapshot', 'build-snapshot', 'plugin', 'plugin-api'];

/**
 * Writes the bundles. The folder is replaced as a whole: a runner that starts meanwhile finds the old or the new one, and
 * a build that fails leaves the old one.
 *
 * @param {{ out?: string, generator?: string }} [options] - `generator`: a module that takes the place of
 *   @krepis/generator (tests of misbehaving built-ins)
 * @returns {Promise<string>} the folder
 */
export async function bundle(options = {}) {
  const out = resolve(options.out ?? join(here, '..', '..', 'dist', 'runner'));
  mkdirSync(dirname(out), { recursive: true });
  const fresh = mkdtempSync(`${out}-`);
  try {
    await build({
      entryPoints: ENTRIES.map((name) => ({ in: join(here, 'src', `${name}.ts`), out: name })),
      outdir: fresh,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      platform: 'node',
      // The floor of DESIGN §6.
      target: 'node22.18',
      format: 'cjs',
      conditions: ['@krepis/source'],
      alias: options.generator ? { '@krepis/generator': resolve(options.generator) } : {},
      // Smaller files are read faster; names stay, they are what a stack shows.
      minifyWhitespace: true,
      legalComments: 'none',
      logLevel: 'warning',
    });
    const digest = createHash('sha256');
    for (const name of ENTRIES) digest.update(readFileSync(join(fresh, `${name}.cjs`)));
    writeFileSync(join(fresh, 'digest'), `${digest.digest('hex')}\n`);
    chmodSync(fresh, 0o755);
    rmSync(out, { recursive: true, force: true });
    renameSync(fresh, out);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return out;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    // `--clean` says what is done anyway.
    options: { out: { type: 'string' }, generator: { type: 'string' }, clean: { type: 'boolean' } },
  });
  console.log(await bundle(values));
}
