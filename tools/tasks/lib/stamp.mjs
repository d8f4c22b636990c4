/** Digests over source files, so that a step whose inputs are what they were is skipped. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from '../setup.mjs';

const LEFT_OUT = new Set(['node_modules', 'dist', 'target', '.git', '.nx', '.krepis']);

/**
 * sha256 hex over path and content of files and folders.
 *
 * @param {readonly string[]} paths - relative to `base`; one that is missing counts as such
 * @param {{ base?: string, accept?: (path: string) => boolean }} [options] - `base`: the repository's root by default
 * @returns {string}
 */
export function digestOf(paths, { base = root, accept = () => true } = {}) {
  const hash = createHash('sha256');
  const visit = (path) => {
    if (!existsSync(path)) {
      hash.update(`missing ${relative(base, path)}\0`);
      return;
    }
    if (statSync(path).isDirectory()) {
      const names = readdirSync(path).sort();
      for (const name of names) if (!LEFT_OUT.has(name)) visit(join(path, name));
      return;
    }
    if (!accept(path)) return;
    const content = readFileSync(path);
    hash
      .update(`file ${relative(base, path)} ${statSync(path).mode & 0o111 ? 'x' : '-'} ${content.length}\0`)
      .update(content);
  };
  for (const path of paths) visit(join(base, path));
  return hash.digest('hex');
}

/**
 * Runs a step unless its stamp says that inputs and outputs are as they were after its last run.
 *
 * @param {string} name - of the step, for the message and the stamp's file
 * @param {{ digest: string, outputs: readonly string[] }} state - outputs are paths relative to the root
 * @param {() => unknown} step
 * @returns {Promise<boolean>} whether it ran
 */
export async function unlessDone(name, { digest, outputs }, step) {
  const stamp = join(root, 'dist', '.stamps', name.replaceAll('/', '-'));
  const there = outputs.every((output) => existsSync(join(root, output)));
  if (there && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return false;
  const started = Date.now();
  await step();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
  console.error(`${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return true;
}
