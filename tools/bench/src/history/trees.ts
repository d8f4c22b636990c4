/** The files that are written, and the change sets that write them. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Path -> text. */
export type Tree = ReadonlyMap<string, string>;

/**
 * Files of TypeScript, a hundred in a folder, each of exactly `bytes`.
 *
 * @param version - another one makes another text of every file, of the same length
 */
export function tree(files: number, bytes: number, version: number): Tree {
  return new Map(
    Array.from({ length: files }, (_, index) => {
      const folder = String(Math.floor(index / 100)).padStart(3, '0');
      return [`src/m${folder}/f${String(index % 100).padStart(2, '0')}.ts`, text(bytes, index, version)];
    }),
  );
}

/**
 * Whole statements, and a comment that fills up: our gate parses what is written. Names and numbers differ from line to line
 * as they do in code: it is neither random nor all the same to a compressor.
 */
function text(bytes: number, file: number, version: number): string {
  let lines = '';
  for (let line = 0; ; line += 1) {
    const number = ((file + 1) * 2654435761 + line * 40503 + version * 97) % 99991;
    const next = `export const value${line}_${number} = compute(${number}, 'item ${number % 613}', { at: ${line} });\n`;
    const rest = bytes - lines.length;
    if (next.length + '//\n'.length > rest) return `${lines}//${'.'.repeat(rest - '//\n'.length)}\n`;
    lines += next;
  }
}

/** The change set, in the public JSON form, from one tree to another; `undefined` is no file. */
export function changeSet(title: string, from: Tree, to: Tree): string {
  const files = [...new Set([...from.keys(), ...to.keys()])].sort().flatMap((path) => {
    const [before, after] = [from.get(path), to.get(path)];
    if (before === after) return [];
    const known = before === undefined ? {} : { before: sha256(before) };
    return [after === undefined ? { path, ...known, delete: true } : { path, ...known, text: after }];
  });
  return JSON.stringify({ title, files });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Writes a tree as Nx's `flushChanges` does: one `writeFileSync` after the other, folders made where they are missing. No
 * copy of what was there, no check, no fsync.
 */
export function writeNaively(root: string, files: Tree): void {
  for (const [path, content] of files) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

/** Removes a tree's files as Nx's `flushChanges` does. */
export function removeNaively(root: string, files: Tree): void {
  for (const path of files.keys()) rmSync(join(root, path), { recursive: true, force: true });
}

/** Throws unless every file of the tree is there with its text: a run that did nothing is no result. */
export function assertTree(root: string, files: Tree): void {
  for (const [path, content] of files)
    if (readFileSync(join(root, path), 'utf8') !== content)
      throw new Error(`${join(root, path)} is not as it should be`);
}
