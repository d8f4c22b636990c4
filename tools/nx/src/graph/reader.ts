import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How manifests are read; paths are relative to the Nx root, with `/`. Tests pass a map instead of the disk. */
export interface ManifestReader {
  exists(path: string): boolean;
  /** The text of a file. Throws if it cannot be read. */
  read(path: string): string;
}

/** A reader over the disk below `root`. */
export function diskReader(root: string): ManifestReader {
  return {
    exists: (path) => existsSync(join(root, path)),
    read: (path) => readFileSync(join(root, path), 'utf8'),
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
