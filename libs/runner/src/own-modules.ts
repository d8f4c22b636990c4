/** Which format a plugin's own modules have, without looking outside of its folder. */
import { readFileSync } from 'node:fs';
import { dirname, extname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Where a module is, and what it is, in Node's terms. */
export interface OwnModule {
  readonly url: string;
  readonly format: string;
}

const FORMATS: Record<string, string> = {
  '.mjs': 'module',
  '.cjs': 'commonjs',
  '.mts': 'module-typescript',
  '.cts': 'commonjs-typescript',
  '.json': 'json',
  '.wasm': 'wasm',
};

/**
 * Resolves a path to a module of the plugin's folder. Node itself would look for a package.json in every folder above, and
 * end at one that may not be read. Without one, or with one that says nothing else, a module is an ES module.
 *
 * @param specifier - as in the import
 * @param parent - URL of the importing module
 * @param root - the plugin's folder, absolute
 * @returns undefined for what is not by path, not in the folder, or in a node_modules: Node resolves that
 */
export function ownModule(specifier: string, parent: string | undefined, root: string): OwnModule | undefined {
  if (!/^(\.{1,2}\/|\/|file:)/.test(specifier)) return undefined;
  let url: URL;
  try {
    url = new URL(specifier, parent ?? pathToFileURL(`${root}/`));
  } catch {
    return undefined;
  }
  if (url.protocol !== 'file:') return undefined;
  const file = fileURLToPath(url);
  if (!file.startsWith(root + sep) || file.split(sep).includes('node_modules')) return undefined;
  const extension = extname(file);
  const format = FORMATS[extension] ?? byPackage(extension, file, root);
  return format === undefined ? undefined : { url: url.href, format };
}

function byPackage(extension: string, file: string, root: string): string | undefined {
  if (extension !== '.js' && extension !== '.ts') return undefined;
  const kind = packageType(dirname(file), root) === 'commonjs' ? 'commonjs' : 'module';
  return extension === '.ts' ? `${kind}-typescript` : kind;
}

function packageType(folder: string, root: string): unknown {
  for (let at = folder; ; at = dirname(at)) {
    try {
      return (JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as { type?: unknown }).type;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || at === root || at === dirname(at)) return undefined;
    }
  }
}
