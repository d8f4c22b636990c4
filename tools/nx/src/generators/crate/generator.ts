import { posix } from 'node:path';
import type { GeneratorCallback, Tree } from '@nx/devkit';
import { errors, KrepisError } from '../../errors.ts';
import { record } from '../../krepis/record.ts';
import { editNxJson } from '../init/generator.ts';
import { BINARY, LIBRARY, lintsTable, packageTable } from './files.ts';
import { cratePlace, joinWorkspace, updateLockFile } from './place.ts';

/** Options of `nx g @krepis/nx:crate`; see schema.json. */
export interface CrateOptions {
  readonly directory: string;
  readonly name?: string;
  readonly kind?: 'library' | 'binary';
  readonly edition?: string;
  readonly tags?: string;
  readonly inferTasks?: boolean;
  readonly cwd?: string;
}

/**
 * Creates a crate and makes it a member of the Cargo workspace. No project.json: its tasks are inferred, its tags stand
 * in its Cargo.toml.
 *
 * @throws KrepisError KRP7005, KRP7010, KRP7052, KRP7053, KRP7056, KRP7057
 */
export default async function crate(tree: Tree, options: CrateOptions): Promise<GeneratorCallback> {
  const kind = options.kind ?? 'library';
  if (kind !== 'library' && kind !== 'binary') throw unknown(`--kind=${String(kind)}: library or binary`);
  const edition = options.edition ?? '2024';
  if (!/^20\d\d$/.test(edition)) throw unknown(`--edition=${edition}`);
  const { root, name } = cratePlace(tree, options.directory, options.name, options.cwd);
  const workspace = joinWorkspace(tree, root);
  const tags = (options.tags ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  const metadata = tags.length > 0 ? `\n[package.metadata.nx]\ntags = ${JSON.stringify(tags)}\n` : '';
  const manifest = packageTable(name, workspace, edition) + metadata + lintsTable(workspace);
  tree.write(posix.join(root, 'Cargo.toml'), manifest);
  tree.write(posix.join(root, 'src', kind === 'library' ? 'lib.rs' : 'main.rs'), kind === 'library' ? LIBRARY : BINARY);
  await editNxJson(tree, options);
  const close = await record(tree, { generator: 'crate', title: `crate ${root}`, also: ['Cargo.lock'] });
  return async () => {
    try {
      await updateLockFile(tree.root);
    } finally {
      await close?.();
    }
  };
}

function unknown(reason: string): KrepisError {
  return new KrepisError({ ...errors.UNKNOWN_VALUE, reason });
}
