import { isUtf8 } from 'node:buffer';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import type { Tree } from '@nx/devkit';
import { errors, KrepisError } from '../errors.ts';
import { type Document, jsonDocument, tomlDocument } from './documents.ts';
import { applyEdits, type Edit } from './text.ts';

/** Path of a file in a folder; folders are relative to the Nx root, `.` for the root itself. */
export function at(folder: string, file: string): string {
  return posix.join(folder, file);
}

/** What is needed of Nx's tree. */
export interface FileTree extends Pick<Tree, 'exists' | 'isFile' | 'children'> {
  read(path: string): Buffer | null;
  write(path: string, content: string): void;
}

/**
 * The files of one release, over Nx's tree: parsed once, edited in place.
 *
 * Everything is written through the tree, so that `--dry-run` shows it and a failure writes nothing.
 */
export class Files {
  readonly #tree: FileTree;
  readonly #parsed = new Map<string, unknown>();
  readonly #changed = new Set<string>();

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  /** Paths of the files edited so far. */
  get changed(): ReadonlySet<string> {
    return this.#changed;
  }

  /** True for a file, not for a folder. */
  exists(path: string): boolean {
    return this.#tree.exists(path) && this.#tree.isFile(path);
  }

  /** Names in a folder; none if there is no such folder. */
  children(folder: string): string[] {
    return this.#tree.exists(folder) && !this.#tree.isFile(folder) ? this.#tree.children(folder) : [];
  }

  /**
   * The text of a file, with its byte order mark.
   *
   * @throws KrepisError KRP7043 if it is no UTF-8: writing it back would lose bytes
   */
  read(path: string): string {
    const bytes = this.#tree.read(path);
    if (!bytes) throw new Error(`no such file: ${path}`);
    if (!isUtf8(bytes)) throw new KrepisError({ ...errors.RELEASE_FILE, at: { path }, reason: 'it is not UTF-8' });
    return bytes.toString('utf8');
  }

  /** A Cargo.toml. */
  toml(path: string): Document {
    return this.parsed(path, (text) => tomlDocument(path, text));
  }

  /** A package.json, or another JSON file. */
  json(path: string): Document {
    return this.parsed(path, (text) => jsonDocument(path, text));
  }

  /** Makes the edits; true if the file changed. */
  edit(path: string, edits: readonly Edit[]): boolean {
    if (edits.length === 0) return false;
    const text = this.read(path);
    const edited = applyEdits(text, edits);
    if (edited === text) return false;
    this.#tree.write(path, edited);
    this.#parsed.delete(path);
    this.#changed.add(path);
    return true;
  }

  /** What `compute` makes of a file's text; made anew once the file is edited. */
  parsed<T>(path: string, compute: (text: string) => T): T {
    const known = this.#parsed.get(path);
    if (known !== undefined) return known as T;
    const made = compute(this.read(path));
    this.#parsed.set(path, made);
    return made;
  }
}

/** The files on disk below a folder, to read only. */
export function diskFiles(root: string): Files {
  const join = (path: string) => posix.join(root, path);
  const isFile = (path: string) => statSync(join(path), { throwIfNoEntry: false })?.isFile() === true;
  return new Files({
    exists: (path) => existsSync(join(path)),
    isFile,
    read: (path) => readFileSync(join(path)),
    children: (path) => readdirSync(join(path)),
    write: (path) => {
      throw new Error(`read only: ${path}`);
    },
  });
}
