import type { ChangeSet, FileChange } from '../change-set.ts';
import { digest } from '../digest.ts';
import { decode } from '../utf8.ts';

/**
 * What a change set makes of files, judged as strictly as the master does: digests, existing paths, byte offsets.
 *
 * @param files path to text; not changed
 * @param set the change
 * @returns path to text after the change
 * @throws Error where the master would refuse, naming the path
 *
 * @example
 * ```ts
 * const after = applyChangeSet(files, await command(memoryView(files), { name: 'billing' }));
 * expect(after['src/billing.ts']).toContain('class Billing');
 * ```
 */
export function applyChangeSet(files: Readonly<Record<string, string>>, set: ChangeSet): Record<string, string> {
  const after = new Map(Object.entries(files));
  const targets = new Set<string>();
  for (const { path, digest: expected } of set.reads ?? []) {
    const found = files[path] === undefined ? '' : digest(files[path]);
    if (found !== expected) throw new Error(`${path} is not what the change was planned from`);
  }
  for (const file of set.files) {
    if (targets.has(file.path)) throw new Error(`${file.path} is changed twice`);
    targets.add(file.path);
    const source = 'renamedFrom' in file ? file.renamedFrom : file.path;
    const before = files[source];
    if (file.before !== undefined && before === undefined) throw new Error(`${source} does not exist`);
    if (file.before !== undefined && before !== undefined && digest(before) !== file.before) {
      throw new Error(`${source} is not what the change was made from`);
    }
    const findOnly = 'edits' in file && file.edits.every((edit) => 'find' in edit);
    if (file.before === undefined && files[file.path] !== undefined && !findOnly) {
      throw new Error(`${file.path} exists and the change has no \`before\``);
    }
    if (source !== file.path) after.delete(source);
    const result = contentAfter(file, before);
    if (result === undefined) after.delete(file.path);
    else after.set(file.path, result);
  }
  return Object.fromEntries(after);
}

function contentAfter(file: FileChange, before: string | undefined): string | undefined {
  if ('delete' in file) return undefined;
  if ('text' in file) return file.text;
  if ('content' in file) return Buffer.from(file.content, 'base64').toString('utf8');
  if ('symlink' in file) return file.symlink;
  if (before === undefined) throw new Error(`${file.path} does not exist`);
  if (!('edits' in file)) return before;
  const bytes = Buffer.from(before, 'utf8');
  const spans = file.edits.map((edit) => {
    if (!('find' in edit)) return edit;
    const start = bytes.indexOf(edit.find);
    if (start < 0 || bytes.indexOf(edit.find, start + 1) >= 0) {
      throw new Error(`${file.path} does not have exactly one ${JSON.stringify(edit.find)}`);
    }
    return { start, end: start + Buffer.byteLength(edit.find), text: edit.replace };
  });
  spans.sort((a, b) => a.start - b.start || a.end - b.end);
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (const { start, end, text } of spans) {
    if (start < copied || end < start || end > bytes.length) throw new Error(`an edit of ${file.path} cannot be made`);
    parts.push(bytes.subarray(copied, start), Buffer.from(text, 'utf8'));
    copied = end;
  }
  parts.push(bytes.subarray(copied));
  const result = Buffer.concat(parts);
  const text = decode(result);
  if (!Buffer.from(text, 'utf8').equals(result)) throw new Error(`an edit of ${file.path} cuts a character in two`);
  return text;
}
