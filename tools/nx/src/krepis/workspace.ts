import { posix } from 'node:path';
import type { Tree } from '@nx/devkit';
import { errors, KrepisError } from '../errors.ts';

/** What tells where a generator is to work. Paths as the user typed them. */
export interface Target {
  /** Folder of the Nx project named by `--project`, relative to the Nx root. */
  readonly projectRoot?: string | undefined;
  /** Folder the user stands in, relative to the Nx root. */
  readonly cwd?: string | undefined;
  readonly dir?: string | undefined;
  readonly module?: string | undefined;
  readonly file?: string | undefined;
}

/** A target with its Krepis workspace; `root` is relative to the Nx root (`.` for itself), the others to `root`. */
export interface Place {
  readonly root: string;
  readonly dir?: string | undefined;
  readonly module?: string | undefined;
  readonly file?: string | undefined;
}

/**
 * The nearest Krepis workspace, at or below Nx's root, that contains the target.
 *
 * `dir`, `module` and `file` are relative to the workspace one stands in, as with `krepis g`; where they lead into a
 * workspace further down, that one is taken.
 *
 * @throws KrepisError KRP7001 without a krepis.json; KRP7005 if the target lies outside
 */
export function findPlace(tree: Tree, target: Target): Place {
  const start = inside(posix.normalize(target.projectRoot ?? target.cwd ?? '.'));
  const base = nearest(tree, start) ?? '.';
  const resolve = (path: string | undefined) => (path === undefined ? undefined : inside(posix.join(base, path)));
  const [dir, module, file] = [target.dir, target.module, target.file].map(resolve);
  const aim = dir ?? folder(module) ?? folder(file) ?? start;
  const root = nearest(tree, aim);
  if (root === undefined) throw new KrepisError({ ...errors.NO_WORKSPACE, at: { path: aim } });
  const relative = (path: string | undefined) => (path === undefined ? undefined : posix.relative(root, path) || '.');
  return { root, dir: relative(dir), module: relative(module), file: relative(file) };
}

function nearest(tree: Tree, path: string): string | undefined {
  for (let folder = path; ; folder = posix.dirname(folder)) {
    if (tree.exists(posix.join(folder, 'krepis.json'))) return folder;
    if (folder === '.') return undefined;
  }
}

function inside(path: string): string {
  if (path === '..' || path.startsWith('../') || posix.isAbsolute(path)) {
    throw new KrepisError({ ...errors.OUTSIDE, at: { path } });
  }
  return path.replace(/\/$/, '') || '.';
}

function folder(path: string | undefined): string | undefined {
  return path === undefined ? undefined : posix.dirname(path);
}
