import type { Read, View } from './view.ts';

/** A replacement by place; offsets are UTF-8 bytes of the content that `before` names. Equal offsets: an insertion. */
export interface SpanEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A replacement of a text that occurs exactly once in the file. */
export interface FindEdit {
  readonly find: string;
  readonly replace: string;
}

/** What is to become of one path: exactly one of the bodies, or none of them with `renamedFrom`. */
export type FileChange = {
  /** Relative to the workspace root, with `/`. */
  readonly path: string;
  /**
   * Lower-case sha256 hex of the content it was made from (with `renamedFrom`: of the old path). Absent: the path must not
   * exist yet, except where every edit is a find/replace.
   */
  readonly before?: string;
  /** Absent: the mode stays, or "644" for a new file. */
  readonly mode?: '644' | '755';
} & (
  | { readonly text: string }
  /** Base64. */
  | { readonly content: string }
  | { readonly delete: true }
  /** The link's target. */
  | { readonly symlink: string }
  | { readonly edits: readonly (SpanEdit | FindEdit)[] }
  /** The path the file had. */
  | { readonly renamedFrom: string }
);

/**
 * A proposed change of a workspace, in the public JSON form that `krepis apply` takes too. A value: making one touches no
 * file.
 *
 * @example
 * ```ts
 * const set: ChangeSet = { title: 'add a note', files: [{ path: 'NOTE.md', text: '# Note\n' }] };
 * ```
 */
export interface ChangeSet {
  readonly schema?: 1;
  /** One sentence for the history, for example "service billing". */
  readonly title: string;
  /** At most one entry for each path. Empty: nothing is to be done. */
  readonly files: readonly FileChange[];
  /** What the change was planned from beside its targets. */
  readonly reads?: readonly Read[];
}

/**
 * A sub-command: the default export of a module named under `commands` in krepis.json. It only looks at its view; the
 * master decides and writes.
 *
 * @example
 * ```ts
 * const command: Command<{ name: string }> = (view, options) =>
 *   changes(view, `note ${options.name}`).create(`notes/${options.name}.md`, `# ${options.name}\n`).done();
 * export default command;
 * ```
 */
export type Command<Options = Record<string, unknown>> = (
  view: View,
  options: Options,
) => ChangeSet | Promise<ChangeSet>;
