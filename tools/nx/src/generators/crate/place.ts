import { posix } from 'node:path';
import { logger, type Tree } from '@nx/devkit';
import { addMember, readWorkspaceTable, type WorkspaceTable } from '../../edit/cargo.ts';
import { errors, KrepisError } from '../../errors.ts';
import { run } from '../../process.ts';

/** Where a new crate goes, and what it is called. */
export interface CratePlace {
  /** Relative to the Nx root, with `/`. */
  readonly root: string;
  readonly name: string;
}

/**
 * Checks folder and name of a new crate.
 *
 * @param directory as typed, relative to `cwd`
 * @throws KrepisError KRP7005 outside of the workspace; KRP7052 where something is; KRP7053 for a name Cargo refuses
 */
export function cratePlace(tree: Tree, directory: string, name: string | undefined, cwd = '.'): CratePlace {
  const root = posix.join(cwd, directory.replaceAll('\\', '/')).replace(/\/$/, '');
  if (root === '.' || root.startsWith('..') || posix.isAbsolute(root)) {
    throw new KrepisError({ ...errors.OUTSIDE, at: { path: directory } });
  }
  if (tree.exists(root) && (tree.isFile(root) || tree.children(root).length > 0)) {
    throw new KrepisError({ ...errors.TAKEN, at: { path: root } });
  }
  const crate = name ?? posix.basename(root);
  // https://doc.rust-lang.org/cargo/reference/manifest.html#the-name-field, without what rustc refuses.
  if (!/^[A-Za-z][\w-]*$/.test(crate) || RESERVED.has(crate)) {
    throw new KrepisError({
      ...errors.BAD_NAME,
      at: { path: root },
      reason: `\`${crate}\` is no name that Cargo takes`,
    });
  }
  return { root, name: crate };
}

/** Keywords, the standard library's crates, and \`test\`: \`cargo new\` refuses them. */
const RESERVED = new Set(
  'Self abstract alloc as async await become box break const continue core crate do dyn else enum extern false final fn for gen if impl in let loop macro match mod move mut override priv proc-macro proc_macro pub ref return self static std struct super test trait true try type typeof unsafe unsized use virtual where while yield'.split(
    ' ',
  ),
);

/** The workspace at the Nx root; a new one where there is none. */
export function joinWorkspace(tree: Tree, root: string): WorkspaceTable {
  const before = tree.read('Cargo.toml', 'utf8');
  if (before === null) {
    tree.write('Cargo.toml', `[workspace]\nresolver = "3"\nmembers = ["${root}"]\n`);
    const ignored = tree.read('.gitignore', 'utf8');
    if (ignored !== null && !/^\/?target\/?\s*$/m.test(ignored)) {
      tree.write('.gitignore', `${ignored}${ignored.endsWith('\n') || ignored === '' ? '' : '\n'}/target\n`);
    }
    return {};
  }
  const after = addMember(before, root);
  if (after !== before) tree.write('Cargo.toml', after);
  return readWorkspaceTable(after);
}

/** The lock file gets the new member, so that `--locked` builds pass; others keep their versions. */
export async function updateLockFile(root: string): Promise<void> {
  const command = ['update', '--workspace', '--quiet'];
  try {
    const ended = await run({ command: 'cargo', arguments: command, cwd: root });
    if (ended.code === 0) return;
    logger.warn(
      `Cargo.lock does not know the new crate yet: \`cargo ${command.join(' ')}\` ended with ${ended.code}.\n${ended.stderr.trim()}`,
    );
  } catch {
    logger.warn('Cargo.lock does not know the new crate yet: cargo is not installed. See https://rustup.rs.');
  }
}
