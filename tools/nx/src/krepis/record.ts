import { type GeneratorCallback, logger, type Tree } from '@nx/devkit';
import { type Krepis, krepis } from './cli.ts';
import { recordObserved } from './observed.ts';

/** What a generator of this plugin that edits the whole workspace has to say for the history. */
export interface Recording {
  /** Name of the generator, for the command where nobody typed one. */
  readonly generator: string;
  readonly title: string;
  /** Files that the generator's follow-up rewrites (a lock file): undone with the rest. */
  readonly also?: readonly string[];
}

/**
 * Records all that a tree is about to write, at the Nx root, as one observed operation: `krepis undo` takes it back.
 *
 * The last act of a generator. Nothing is recorded in a dry run, where nothing changes, and in a workspace without
 * krepis.json, which has no history; the last is said.
 *
 * @returns the callback that closes the operation, to be called after the follow-up; undefined if nothing is recorded
 *
 * @example
 * const close = await record(tree, { generator: 'crate', title: 'crate libs/geo', also: ['Cargo.lock'] });
 * return async () => { await cargoUpdate(); await close?.(); };
 */
export async function record(
  tree: Tree,
  { generator, title, also = [] }: Recording,
  cli?: Krepis,
): Promise<GeneratorCallback | undefined> {
  const paths = tree.listChanges().map(({ path }) => path);
  // Set by Nx itself for --dry-run: no file in .krepis may be created or changed then.
  if (paths.length === 0 || process.env.NX_DRY_RUN === 'true') return undefined;
  if (!tree.exists('krepis.json')) {
    logger.info('Not recorded for `krepis undo`: there is no krepis.json. `nx g @krepis/nx:init` starts a history.');
    return undefined;
  }
  const command = commandLine(['nx', 'g', `@krepis/nx:${generator}`]);
  return recordObserved(tree, cli ?? krepis(tree.root), { root: '.', title, command, paths, also });
}

/** What the user typed where Nx runs as a command (a wrapping generator's name then), else `otherwise`. */
export function commandLine(otherwise: readonly string[]): readonly string[] {
  const typed = /(?:^|[/\\])nx(?:\.js)?$/.test(process.argv[1] ?? '');
  return typed ? ['nx', ...process.argv.slice(2)] : otherwise;
}
