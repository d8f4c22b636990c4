import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Tree } from '@nx/devkit';
import { errors, KrepisError } from '../errors.ts';

/** The public JSON form of a change (CONTRACTS.md, "ChangeSet, public JSON"). Paths are relative to the Krepis workspace. */
export interface ChangeSet {
  readonly schema?: number;
  readonly title?: string;
  readonly files?: readonly FileChange[];
  readonly reads?: readonly { readonly path: string; readonly digest?: string }[];
}

/** What is to become of one path: exactly one of text, content, edits, delete, symlink, or none with renamedFrom. */
export interface FileChange {
  readonly path: string;
  /** sha256 hex of the content it was made from; absent: the path must not exist. */
  readonly before?: string;
  readonly text?: string;
  /** Base64. */
  readonly content?: string;
  readonly delete?: boolean;
  readonly symlink?: string;
  readonly edits?: readonly Edit[];
  readonly renamedFrom?: string;
  /** Three octal digits. */
  readonly mode?: string;
}

/** One replacement: a span of UTF-8 bytes, or find/replace with exactly one match. */
export interface Edit {
  readonly start?: number;
  readonly end?: number;
  readonly text?: string;
  readonly find?: string;
  readonly replace?: string;
}

/** The tree's pending changes below a Krepis workspace (`.` for the Nx root), as whole contents and deletions. */
export function pendingChanges(tree: Tree, workspace: string, title = 'pending'): ChangeSet {
  const files = tree.listChanges().flatMap(({ path, type, content, options }): FileChange[] => {
    const relative = below(workspace, path);
    if (relative === undefined) return [];
    if (type === 'DELETE')
      return filesBelow(tree.root, path).map((file) => ({ path: below(workspace, file)!, delete: true }));
    const mode = options?.mode === undefined ? {} : { mode: octal(options.mode) };
    return [{ path: relative, ...body(content ?? Buffer.alloc(0)), ...mode }];
  });
  return { schema: 1, title, files };
}

/**
 * Puts a change into an Nx tree, byte for byte. Either the whole change goes in or, on a failure, nothing.
 *
 * @param workspace folder of the Krepis workspace, relative to the Nx root
 * @returns every path touched, relative to the workspace
 * @throws KrepisError KRP7006 if the tree is not what the change was made from; KRP7008 for a symbolic link
 */
export function applyToTree(tree: Tree, workspace: string, change: ChangeSet): string[] {
  const steps = (change.files ?? []).map((file) => step(tree, workspace, file));
  // Deletions first: a rename may put a file where another one was.
  for (const { remove } of steps) for (const path of remove) tree.delete(posix.join(workspace, path));
  for (const { path, write } of steps) {
    if (!write) continue;
    const target = posix.join(workspace, path);
    tree.write(target, write.content);
    if (write.mode !== undefined) tree.changePermissions(target, write.mode);
  }
  return steps.flatMap(({ path, remove }) => [path, ...remove.filter((removed) => removed !== path)]);
}

interface Step {
  readonly path: string;
  readonly remove: readonly string[];
  readonly write?: { readonly content: Buffer; readonly mode: string | undefined };
}

function step(tree: Tree, workspace: string, file: FileChange): Step {
  const { path, renamedFrom } = file;
  if (file.symlink !== undefined) throw new KrepisError({ ...errors.SYMLINK, at: { path } });
  const source = renamedFrom ?? path;
  const before = readFile(tree, posix.join(workspace, source));
  expectState(source, before, file);
  if (renamedFrom !== undefined && tree.exists(posix.join(workspace, path))) {
    throw stale(path, 'there is a file at the path it is renamed to');
  }
  if (file.delete === true) return { path, remove: [path] };
  const content = newContent(file, before ?? Buffer.alloc(0));
  return { path, remove: renamedFrom === undefined ? [] : [renamedFrom], write: { content, mode: file.mode } };
}

function expectState(path: string, content: Buffer | undefined, file: FileChange): void {
  const byMatch = (file.edits ?? []).length > 0 && file.edits?.every((edit) => edit.find !== undefined);
  if (file.before === undefined) {
    if (content !== undefined && !byMatch) throw stale(path, 'it exists, and the plan expects that it does not');
    return;
  }
  if (content === undefined) throw stale(path, 'it does not exist, and the plan expects that it does');
  if (sha256(content) !== file.before) throw stale(path, 'its content differs from what the plan was made from');
}

function newContent(file: FileChange, before: Buffer): Buffer {
  if (file.text !== undefined) return Buffer.from(file.text, 'utf8');
  if (file.content !== undefined) return Buffer.from(file.content, 'base64');
  return edited(file.path, before, file.edits ?? []);
}

function edited(path: string, before: Buffer, edits: readonly Edit[]): Buffer {
  const spans = edits.map((edit) => span(path, before, edit)).sort((a, b) => a.start - b.start || a.end - b.end);
  const parts: Buffer[] = [];
  let position = 0;
  for (const { start, end, text } of spans) {
    if (start < position || end < start || end > before.length) throw stale(path, 'an edit does not fit its content');
    parts.push(before.subarray(position, start), Buffer.from(text, 'utf8'));
    position = end;
  }
  return Buffer.concat([...parts, before.subarray(position)]);
}

function span(path: string, before: Buffer, edit: Edit): { start: number; end: number; text: string } {
  if (edit.find === undefined)
    return { start: edit.start ?? 0, end: edit.end ?? edit.start ?? 0, text: edit.text ?? '' };
  const start = before.indexOf(edit.find, 0, 'utf8');
  if (start < 0 || before.indexOf(edit.find, start + 1, 'utf8') >= 0) {
    throw stale(path, `the text to replace does not occur exactly once: ${JSON.stringify(edit.find)}`);
  }
  return { start, end: start + Buffer.byteLength(edit.find), text: edit.replace ?? '' };
}

function stale(path: string, reason: string): KrepisError {
  return new KrepisError({ ...errors.STALE_TREE, at: { path }, reason });
}

function readFile(tree: Tree, path: string): Buffer | undefined {
  return tree.isFile(path) ? (tree.read(path) ?? undefined) : undefined;
}

/** UTF-8 goes as text, which people can read in the history; anything else as base64. */
function body(content: Buffer): { text: string } | { content: string } {
  const text = content.toString('utf8');
  return Buffer.from(text, 'utf8').equals(content) ? { text } : { content: content.toString('base64') };
}

/** The files a deletion takes away: Nx lists a folder as one entry, a change set names files. */
function filesBelow(root: string, path: string): string[] {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => filesBelow(root, posix.join(path, name)));
}

function octal(mode: string | number): string {
  return typeof mode === 'string' ? mode.slice(-3) : (mode & 0o777).toString(8).padStart(3, '0');
}

function below(workspace: string, path: string): string | undefined {
  if (workspace === '.') return path;
  return path.startsWith(`${workspace}/`) ? path.slice(workspace.length + 1) : undefined;
}

/** Lower-case sha256 hex, the digest of a file's state. */
export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
