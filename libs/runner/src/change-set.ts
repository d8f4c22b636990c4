/**
 * The public JSON form of a change set, read strictly into the message: whatever a command returns is either exactly
 * that form or an error that names the field. Paths, digests against the disk and overlaps are the master's business.
 */
import type { ChangeSet, Edit, FileChange, Read } from '@krepis/proto';
import { errors, RunnerError } from './errors.ts';

/**
 * Converts what a command returned.
 *
 * @param value - anything; the form is CONTRACTS "ChangeSet, public JSON"
 * @param seen - what the command read from its view; joined with the `reads` it names itself, which win
 * @returns the message for the master
 * @throws RunnerError NOT_A_CHANGE_SET, naming the field
 * @example changeSetFromJson({ title: 'hello', files: [{ path: 'a.ts', text: 'export {};\n' }] })
 */
export function changeSetFromJson(value: unknown, seen: readonly { path: string; digest: string }[] = []): ChangeSet {
  const set = fields(value, 'the result', ['schema', 'title', 'files', 'reads']);
  if (set.schema !== undefined && set.schema !== 1) throw wrong('schema', 'must be 1', set.schema);
  const files =
    set.files === undefined ? [] : list(set.files, 'files').map((file, index) => fileChange(file, `files[${index}]`));
  const own =
    set.reads === undefined ? [] : list(set.reads, 'reads').map((read, index) => readEntry(read, `reads[${index}]`));
  return {
    schema: 1,
    title: set.title === undefined ? '' : text(set.title, 'title'),
    files,
    reads: joinReads(files, own, seen),
  };
}

/** Targets carry their digest as `before`; the master wants reads of other paths only, each once. */
function joinReads(files: FileChange[], own: Read[], seen: readonly Read[]): Read[] {
  const targets = new Set(files.flatMap((file) => (file.renamedFrom ? [file.path, file.renamedFrom] : [file.path])));
  const reads = new Map<string, Read>();
  for (const { path, digest } of [...seen, ...own]) {
    if (!targets.has(path)) reads.set(path, { path, digest });
  }
  return [...reads.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function fileChange(value: unknown, at: string): FileChange {
  const file = fields(value, at, [
    'path',
    'before',
    'text',
    'content',
    'delete',
    'symlink',
    'edits',
    'renamedFrom',
    'mode',
  ]);
  const edits =
    file.edits === undefined
      ? []
      : list(file.edits, `${at}.edits`).map((edit, index) => editEntry(edit, `${at}.edits[${index}]`));
  const bodies = ['text', 'content', 'delete', 'symlink'].filter((name) => file[name] !== undefined);
  if (edits.length > 0) bodies.push('edits');
  if (bodies.length > 1) throw wrong(at, `has more than one of ${bodies.join(', ')}`);
  if (bodies.length === 0 && file.renamedFrom === undefined) {
    throw wrong(at, 'has none of text, content, edits, delete, symlink and renamedFrom');
  }
  return {
    path: nonEmpty(file.path, `${at}.path`),
    before: file.before === undefined ? undefined : digest(file.before, `${at}.before`),
    body: body(file, at),
    edits,
    renamedFrom: file.renamedFrom === undefined ? undefined : nonEmpty(file.renamedFrom, `${at}.renamedFrom`),
    mode: file.mode === undefined ? undefined : mode(file.mode, `${at}.mode`),
  };
}

function body(file: Record<string, unknown>, at: string): FileChange['body'] {
  if (file.text !== undefined) return { $case: 'text', value: text(file.text, `${at}.text`) };
  if (file.content !== undefined) return { $case: 'content', value: base64(file.content, `${at}.content`) };
  if (file.symlink !== undefined) return { $case: 'symlink', value: nonEmpty(file.symlink, `${at}.symlink`) };
  if (file.delete === undefined) return undefined;
  if (file.delete !== true) throw wrong(`${at}.delete`, 'must be true where it is given', file.delete);
  return { $case: 'delete', value: true };
}

function editEntry(value: unknown, at: string): Edit {
  const edit = fields(value, at, ['start', 'end', 'text', 'find', 'replace']);
  const bySpan = edit.start !== undefined || edit.end !== undefined || edit.text !== undefined;
  const byText = edit.find !== undefined || edit.replace !== undefined;
  if (bySpan === byText) throw wrong(at, 'must be either start, end and text, or find and replace');
  if (byText) {
    return {
      start: undefined,
      end: undefined,
      text: undefined,
      find: nonEmpty(edit.find, `${at}.find`),
      replace: text(edit.replace, `${at}.replace`),
    };
  }
  const start = offset(edit.start, `${at}.start`);
  const end = offset(edit.end, `${at}.end`);
  if (end < start) throw wrong(`${at}.end`, `must not be smaller than start (${start})`, end);
  return { start, end, text: text(edit.text, `${at}.text`), find: undefined, replace: undefined };
}

function readEntry(value: unknown, at: string): Read {
  const read = fields(value, at, ['path', 'digest']);
  const seen = text(read.digest, `${at}.digest`);
  return { path: nonEmpty(read.path, `${at}.path`), digest: seen === '' ? '' : digest(seen, `${at}.digest`) };
}

/** The fields of an object, each read once (a getter could answer differently the second time). */
function fields(value: unknown, at: string, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(at, 'must be an object', value);
  const found: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw wrong(at, `has an unknown field \`${key}\``);
    found[key] = (value as Record<string, unknown>)[key];
  }
  return found;
}

function list(value: unknown, at: string): unknown[] {
  if (!Array.isArray(value)) throw wrong(at, 'must be an array', value);
  return Array.from(value);
}

function text(value: unknown, at: string): string {
  if (typeof value !== 'string') throw wrong(at, 'must be a string', value);
  if (!value.isWellFormed()) throw wrong(at, 'holds half of a surrogate pair, which UTF-8 cannot say');
  return value;
}

function nonEmpty(value: unknown, at: string): string {
  const found = text(value, at);
  if (found === '') throw wrong(at, 'must not be empty');
  return found;
}

function digest(value: unknown, at: string): string {
  const found = text(value, at);
  if (!/^[0-9a-f]{64}$/.test(found)) throw wrong(at, 'must be a sha256 of 64 lower-case hexadecimal digits', value);
  return found;
}

function mode(value: unknown, at: string): string {
  if (value !== '644' && value !== '755') throw wrong(at, 'must be "644" or "755"', value);
  return value;
}

function offset(value: unknown, at: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw wrong(at, 'must be a byte offset, a whole number from 0', value);
  }
  return value;
}

function base64(value: unknown, at: string): Uint8Array {
  const found = text(value, at);
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(found)) {
    throw wrong(at, 'must be base64');
  }
  return Buffer.from(found, 'base64');
}

function wrong(at: string, what: string, value?: unknown): RunnerError {
  const got = value === undefined ? '' : `, not ${shown(value)}`;
  return new RunnerError(errors.NOT_A_CHANGE_SET, `${at} ${what}${got}`, {
    hint: 'return `{ title, files: [{ path, text }] }` as @krepis/plugin types it',
  });
}

function shown(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
}
