import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GeneratorCallback, logger, type Tree } from '@nx/devkit';
import { type ChangeSet, type FileChange, pendingChanges, sha256 } from './change-set.ts';
import type { Krepis } from './cli.ts';

/** What one generator has just put into a tree. */
export interface Written {
  /** Folder of the Krepis workspace, relative to the Nx root. */
  readonly root: string;
  readonly title: string;
  readonly command: readonly string[];
  /** Paths it touched, relative to the workspace. */
  readonly paths: readonly string[];
  /** More paths, which what the generator starts writes itself: the lock file that an installation rewrites. */
  readonly also?: readonly string[];
}

interface Open extends Written {
  operation: string | undefined;
}

/** The operation that is open for a tree, one for each Krepis workspace. */
const open = new WeakMap<Tree, Map<string, Open>>();

/**
 * Records what a tree is about to write as one observed operation.
 *
 * Nx flushes a tree once, whatever number of generators filled it. So a second generator on the same tree replaces
 * the operation of the first by one over the paths of both: the history holds what really happens, one write, and
 * one undo takes it back.
 *
 * @returns the callback that reads the state after and closes the operation; the first call does, others do nothing
 */
export async function recordObserved(tree: Tree, cli: Krepis, written: Written): Promise<GeneratorCallback> {
  const operations = open.get(tree) ?? new Map<string, Open>();
  open.set(tree, operations);
  const workspace = join(tree.root, written.root);
  const earlier = operations.get(written.root);
  const joined = earlier ? merged(earlier, written) : written;
  if (earlier?.operation !== undefined) {
    // Nothing is written yet: closed now, it holds no change.
    await cli.complete(workspace, earlier.operation);
    earlier.operation = undefined;
  }
  const operation = await cli.observe({
    workspace,
    title: joined.title,
    command: joined.command,
    change: change(tree, joined),
  });
  const current: Open = { ...joined, operation };
  operations.set(written.root, current);

  return async () => {
    const latest = operations.get(written.root);
    if (latest?.operation === undefined) return;
    const closing = latest.operation;
    latest.operation = undefined;
    try {
      await cli.complete(workspace, closing);
    } catch (error) {
      // The files are written and the state before is safe; the next krepis command closes what is open.
      logger.warn(`The operation ${closing} stays open until the next krepis command.\n${(error as Error).message}`);
    }
  };
}

function merged(earlier: Written, later: Written): Written {
  return {
    ...later,
    title: earlier.title === later.title ? later.title : `${earlier.title}; ${later.title}`,
    command: earlier.command.join('\0') === later.command.join('\0') ? later.command : earlier.command,
    paths: [...new Set([...earlier.paths, ...later.paths])],
    also: [...new Set([...(earlier.also ?? []), ...(later.also ?? [])])],
  };
}

/** The pending state of the paths, each with the digest of what is on disk now. */
function change(tree: Tree, { root, title, paths, also = [] }: Written): ChangeSet {
  const pending = pendingChanges(tree, root, title);
  const touched = new Set(paths);
  const written = (pending.files ?? []).filter(({ path }) => touched.has(path));
  // What comes into them is not known yet: the state after is read from disk.
  const later = also.filter((path) => !touched.has(path)).map((path) => ({ path, text: '' }));
  const files: FileChange[] = [...written, ...later];
  return {
    schema: 1,
    title,
    files: files.map((file) => {
      const before = onDisk(join(tree.root, root, file.path));
      return before === undefined ? file : { ...file, before: sha256(before) };
    }),
  };
}

function onDisk(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
