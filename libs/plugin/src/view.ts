/** An entry of a folder. */
export interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'symlink';
}

/** Where a class is declared. */
export interface ClassSite {
  /** Relative to the workspace root, with `/`. */
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly name: string;
  readonly exported: boolean;
}

/** A file that was looked at. */
export interface Read {
  readonly path: string;
  /** Lower-case sha256 hex of its content; the empty string says that it did not exist. */
  readonly digest: string;
}

/**
 * The workspace as a command sees it: read only, a snapshot, pending changes of earlier commands included. Paths are
 * relative to the workspace root, with `/`; the root itself is `''`.
 *
 * Every file looked at is recorded ({@link View.reads}), so that the master sees when a plan has gone stale.
 */
export interface View {
  /** The file as UTF-8 text, a BOM included; `undefined` if there is none. */
  read(path: string): string | undefined;
  /** The file's bytes; `undefined` if there is none. */
  readBytes(path: string): Uint8Array | undefined;
  /** Whether there is a file or a folder. */
  exists(path: string): boolean;
  /** What a folder holds, sorted by name; empty if there is no such folder. */
  list(directory: string): readonly Entry[];
  /** Every declaration of a class of that name in the workspace; asked of the analysis engine. */
  findClasses(name: string): Promise<readonly ClassSite[]>;
  /** The parsed krepis.json; `undefined` without one. */
  readonly config: unknown;
  /** What was looked at so far, each path once. */
  reads(): readonly Read[];
}
