/**
 * Builds a start-up snapshot in the background: `node build-snapshot.cjs BLOB`. The master starts this detached, after
 * a command has been answered, so nobody waits for it and nobody reads what it prints.
 *
 * The blob appears under its name only when it is whole and a process has started from it.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Blobs kept beside the new one; each is about 30 MB. */
const KEPT = 3;
/** A lock older than this belongs to a process that died, in milliseconds. */
const STALE = 120_000;

const blob = process.argv[2];
if (!blob) {
  console.error('usage: node build-snapshot.cjs BLOB');
  process.exit(2);
}
process.exitCode = buildAlone(blob) ? 0 : 1;

function buildAlone(target: string): boolean {
  const lock = `${target}.building`;
  if (!take(lock)) return true;
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    lowerPriority();
    if (!node('--snapshot-blob', temporary, '--build-snapshot', join(__dirname, 'snapshot.cjs'))) return false;
    // `krepis-probe` makes the snapshot's main function end at once.
    if (!node('--snapshot-blob', temporary, 'krepis-probe')) return false;
    renameSync(temporary, target);
    sweep(target);
    return true;
  } finally {
    rmSync(temporary, { force: true });
    rmSync(lock, { force: true });
  }
}

function take(lock: string): boolean {
  try {
    const since = statSync(lock, { throwIfNoEntry: false });
    if (since && Date.now() - since.mtimeMs > STALE) rmSync(lock, { force: true });
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function node(...args: string[]): boolean {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return spawnSync(process.execPath, args, { stdio: 'ignore', env, timeout: STALE }).status === 0;
}

function lowerPriority(): void {
  try {
    setPriority(19);
  } catch {
    // Not allowed everywhere; then it runs as it is.
  }
}

/** Old versions' blobs would pile up: the newest few stay. */
function sweep(target: string): void {
  const folder = dirname(target);
  const others = readdirSync(folder)
    .filter((name) => name.endsWith('.blob') && name !== basename(target))
    .map((name) => ({ name, time: statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { name } of others.slice(KEPT)) rmSync(join(folder, name), { force: true });
}
