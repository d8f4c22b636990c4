import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How manifests are read; paths are relative to the Nx root, with `/`. Tests pass a map instead of the disk. */
export interface ManifestReader {
  exists(path: string): boolean;
  /** The text of a file. Throws if it cannot be read. */
  read(path: string): string;
}

/** A reader over the disk below `root`. Files are read once. */
export function diskReader(root: string): ManifestReader {
  const texts = new Map<string, string>();
  return {
    exists: (path) => texts.has(path) || existsSync(join(root, path)),
    read: (path) => {
      const known = texts.get(path);
      if (known !== undefined) return known;
      const text = readFileSync(join(root, path), 'utf8');
      texts.set(path, text);
      return text;
    },
  };
}

/** A reader over a map from path to text. */
export function memoryReader(files: Readonly<Record<string, string>>): ManifestReader {
  return {
    exists: (path) => path in files || Object.keys(files).some((file) => file.startsWith(`${path}/`)),
    read: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`no such file: ${path}`);
      return text;
    },
  };
}

/** What was looked at, and what was found: path -> digest of the text, or whether it exists. */
export type Observations = Record<string, string | boolean>;

/** A reader that notes what it is asked, so that a later run can see whether the answers are still the same. */
export function observing(reader: ManifestReader): ManifestReader & { readonly seen: Observations } {
  const seen: Observations = {};
  return {
    seen,
    exists: (path) => {
      const found = reader.exists(path);
      seen[path] ??= found;
      return found;
    },
    read: (path) => {
      const text = reader.read(path);
      seen[path] = digest(text);
      return text;
    },
  };
}

/** Whether every observation still holds. */
export function stillHolds(seen: Observations, reader: ManifestReader): boolean {
  for (const [path, expected] of Object.entries(seen)) {
    const found =
      typeof expected === 'boolean' ? reader.exists(path) : reader.exists(path) && digest(reader.read(path));
    if (found !== expected) return false;
  }
  return true;
}

/** A short digest of a text. */
export function digest(text: string): string {
  return createHash('sha1').update(text).digest('base64');
}
