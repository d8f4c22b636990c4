/** Folders that are made once for what they are made of, and kept under node_modules/.cache. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup.mjs';

const CACHE = join(root, 'node_modules', '.cache', 'krepis');
/** So many folders of one name stay, the newest. */
const KEPT = 3;

/**
 * A folder for a digest: made if this is the first time. Several processes may ask at once.
 *
 * @param {string} name - start of the folder's name
 * @param {string} digest - of all that goes into it
 * @param {(making: string, home: string) => void} make - fills `making`, which becomes `home`
 * @returns {string} its absolute path; not to be written to
 */
export function kept(name, digest, make) {
  const home = join(CACHE, `${name}-${digest.slice(0, 16)}`);
  if (existsSync(home)) return home;
  mkdirSync(CACHE, { recursive: true });
  const making = mkdtempSync(join(CACHE, 'making-'));
  try {
    make(making, home);
    moveUnlessThere(making, home);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  prune(`${name}-`);
  return home;
}

/** Where another process finished first, its folder is as good. */
function moveUnlessThere(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function prune(prefix) {
  const folders = readdirSync(CACHE)
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(CACHE, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const folder of folders.slice(KEPT)) rmSync(folder, { recursive: true, force: true });
}
