import type { ChangeSet, FileChange, SpanEdit } from './change-set.ts';
import { digest } from './digest.ts';
import { errors } from './errors.ts';
import { refuse } from './refusal.ts';
import { byteLength, decode, splitsCharacter } from './utf8.ts';
import type { View } from './view.ts';

/** A replacement in a text as `view.read` returned it: offsets are UTF-16 units, as JavaScript counts. */
export interface TextEdit {
  readonly start: number;
  /** Equal to `start` for an insertion. */
  readonly end: number;
  readonly text: string;
}

/** Settings of a created file. */
export interface CreateOptions {
  readonly mode?: '644' | '755';
}

/** Collects operations into a {@link ChangeSet}; made by {@link changes}. Every operation returns the builder. */
export interface ChangeBuilder {
  /** A new file. Refuses (KRP6901) a path that exists. */
  create(path: string, text: string, options?: CreateOptions): ChangeBuilder;
  /**
   * Replaces spans of an existing text file; nothing if `edits` is empty. Insertions at one offset keep their order. Refuses
   * a missing file, one that is not UTF-8, and edits that overlap, lie outside or cut a character in two.
   */
  edit(path: string, edits: readonly TextEdit[]): ChangeBuilder;
  /** Takes a file away. Refuses (KRP6902) a missing one. */
  delete(path: string): ChangeBuilder;
  /** Moves a file, its content unchanged. Refuses a missing source and an existing target. */
  rename(from: string, to: string): ChangeBuilder;
  /** The change, with what the view was asked for beside its targets as `reads`. */
  done(): ChangeSet;
}

/**
 * Starts a change: digests (`before`), byte offsets and `reads` are filled in from the view.
 *
 * @param view the workspace the change is made from
 * @param title one sentence for the history
 * @throws Refusal KRP69xx, at the operation that is impossible
 *
 * @example
 * ```ts
 * const text = view.read('src/app.ts') ?? '';
 * return changes(view, 'greet')
 *   .edit('src/app.ts', [{ start: text.length, end: text.length, text: "console.log('hello');\n" }])
 *   .create('src/greeting.ts', "export const greeting = 'hello';\n")
 *   .done();
 * ```
 */
export function changes(view: View, title: string): ChangeBuilder {
  const files = new Map<string, FileChange>();
  const taken = new Set<string>();

  const claim = (path: string): void => {
    if (taken.has(path)) refuse(errors.TARGET_TWICE, { values: { path }, at: { path } });
    taken.add(path);
  };
  const contentOf = (path: string, operation: string): Uint8Array =>
    view.readBytes(path) ?? refuse(errors.TARGET_MISSING, { values: { path, operation }, at: { path } });
  const requireFree = (path: string): void => {
    if (view.exists(path)) refuse(errors.TARGET_EXISTS, { values: { path }, at: { path } });
  };

  const builder: ChangeBuilder = {
    create(path, text, options = {}) {
      claim(path);
      requireFree(path);
      files.set(path, { path, text, ...options });
      return builder;
    },
    edit(path, edits) {
      if (edits.length === 0) return builder;
      claim(path);
      const bytes = contentOf(path, 'edit');
      const text = decode(bytes);
      const before = digest(bytes);
      // An ill-formed sequence decodes to U+FFFD: offsets behind it would count other bytes than the file's.
      if (digest(text) !== before) refuse(errors.NOT_UTF8, { values: { path }, at: { path } });
      files.set(path, { path, before, edits: toByteSpans(path, text, edits) });
      return builder;
    },
    delete(path) {
      claim(path);
      files.set(path, { path, before: digest(contentOf(path, 'delete')), delete: true });
      return builder;
    },
    rename(from, to) {
      claim(from);
      claim(to);
      requireFree(to);
      files.set(to, { path: to, before: digest(contentOf(from, 'rename')), renamedFrom: from });
      return builder;
    },
    done() {
      const reads = view.reads().filter(({ path }) => !taken.has(path));
      return { title, files: [...files.values()], ...(reads.length > 0 ? { reads } : {}) };
    },
  };
  return builder;
}

function toByteSpans(path: string, text: string, edits: readonly TextEdit[]): SpanEdit[] {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  const spans: SpanEdit[] = [];
  let unit = 0;
  let byte = 0;
  const advance = (to: number): number => {
    byte += byteLength(text, unit, to);
    unit = to;
    return byte;
  };
  for (const { start, end, text: replacement } of sorted) {
    const at = { path };
    if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= text.length)) {
      refuse(errors.EDIT_OUTSIDE, { values: { path, start, end, length: text.length }, at });
    }
    if (start < unit) refuse(errors.EDIT_OVERLAP, { values: { path, start }, at });
    for (const offset of [start, end]) {
      if (splitsCharacter(text, offset)) refuse(errors.EDIT_INSIDE_CHARACTER, { values: { path, start: offset }, at });
    }
    spans.push({ start: advance(start), end: advance(end), text: replacement });
  }
  return spans;
}
