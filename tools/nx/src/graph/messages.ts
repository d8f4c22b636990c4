import { posix } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import { errors, KrepisError } from '../errors.ts';
import type { ManifestReader } from './reader.ts';

/** Folders of `.proto` files and the folders their generated code goes to. Relative to the Nx root, with `/`. */
export interface Messages {
  /** Roots of the buf modules, from buf.yaml. */
  readonly modules: readonly string[];
  /** Folders that buf.gen.yaml writes generated code into. */
  readonly outputs: readonly string[];
}

interface BufYaml {
  readonly modules?: readonly { readonly path?: string }[];
}

interface BufGenYaml {
  readonly plugins?: readonly { readonly out?: string }[];
}

/**
 * What buf's own configuration says: which folders hold messages, and who gets code from them.
 *
 * @throws KrepisError KRP7013 with file, line and column
 */
export function readMessages(reader: ManifestReader): Messages {
  if (!reader.exists('buf.yaml')) return { modules: [], outputs: [] };
  const { modules } = readYaml<BufYaml>('buf.yaml', reader);
  const plugins = reader.exists('buf.gen.yaml') ? readYaml<BufGenYaml>('buf.gen.yaml', reader).plugins : [];
  return {
    modules: unique((modules ?? []).map((module) => posix.normalize(module.path ?? '.'))),
    outputs: unique((plugins ?? []).flatMap((plugin) => (plugin.out ? [posix.normalize(plugin.out)] : []))),
  };
}

function readYaml<T>(path: string, reader: ManifestReader): T {
  try {
    return (parse(reader.read(path)) ?? {}) as T;
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const at = error.linePos?.[0];
    throw new KrepisError({
      ...errors.BROKEN_BUF,
      at: { path, line: at?.line, column: at?.col },
      reason: error.message.split('\n')[0],
    });
  }
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
