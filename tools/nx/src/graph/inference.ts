import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { NxJsonConfiguration } from '@nx/devkit';
import { type FailureParts, KrepisError } from '../errors.ts';
import type { CargoExternal } from './cargo.ts';
import type { PluginOptions } from './options.ts';
import type { InferredProject } from './projects.ts';
import { digest, diskReader, type Observations, observing, stillHolds } from './reader.ts';
import type { Edge } from './workspace.ts';

/** Everything the plugin tells Nx. */
export interface Inference {
  readonly projects: readonly InferredProject[];
  readonly edges: readonly Edge[];
  readonly externals: readonly CargoExternal[];
  /** Root of a crate -> nodes of the external packages it names itself. */
  readonly crateExternals: readonly (readonly [string, readonly string[]])[];
}

/** An inference or its error, with everything it was made from. */
interface Remembered {
  readonly key: string;
  readonly seen: Observations;
  readonly outcome:
    | { readonly ok: true; readonly inference: Inference }
    | { readonly ok: false; readonly error: FailureParts };
}

/**
 * The inference for the files Nx knows, from the cache where nothing it was made from has changed.
 *
 * An error is remembered as well, and thrown again until a file changes.
 *
 * @throws KrepisError KRP7010 to KRP7018
 */
export async function cachedInference(
  root: string,
  files: readonly string[],
  options: PluginOptions,
  nxJson: NxJsonConfiguration,
): Promise<Inference> {
  const disk = diskReader(root);
  const missing = missingTools(root, files);
  const variables = {
    CARGO_TARGET_DIR: process.env.CARGO_TARGET_DIR,
    CARGO_BUILD_TARGET: process.env.CARGO_BUILD_TARGET,
  };
  const own = ownDigest();
  const key = digest(
    JSON.stringify([
      own,
      root,
      process.platform,
      process.arch,
      [...files].sort(),
      options,
      nxJson.namedInputs,
      nxJson.targetDefaults,
      [...missing],
      variables,
    ]),
  );
  const file = join(
    cacheFolder(root),
    `krepis-${digest(JSON.stringify(options))
      .replace(/[^A-Za-z0-9]/g, '')
      .slice(0, 12)}.json`,
  );
  const known = own === undefined ? undefined : recall(file);
  if (known?.key === key && stillHolds(known.seen, disk)) return settle(known.outcome);

  // The parsers take longer to load than a known inference takes to read: they are loaded where they are needed.
  const { infer } = await import('./infer.ts');
  const reader = observing(disk);
  let outcome: Remembered['outcome'];
  try {
    outcome = { ok: true, inference: infer(files, { root, options, nxJson, reader, missing, variables }) };
  } catch (error) {
    if (!(error instanceof KrepisError)) throw error;
    outcome = { ok: false, error: error.parts };
  }
  if (own !== undefined) remember(file, { key, seen: reader.seen, outcome });
  return settle(outcome);
}

/**
 * What tells this plugin's memory from that of another version: its own files, by name, size and time.
 *
 * Undefined where they cannot be found, which is only so for its sources run as ES modules: then nothing is remembered.
 */
function ownDigest(): string | undefined {
  if (typeof __dirname !== 'string') return undefined;
  return digest(
    readdirSync(__dirname)
      .sort()
      .map((name) => {
        const { size, mtimeMs } = statSync(join(__dirname, name));
        return `${name} ${size} ${mtimeMs}`;
      })
      .join('\n'),
  );
}

function settle(outcome: Remembered['outcome']): Inference {
  if (outcome.ok) return outcome.inference;
  throw new KrepisError(outcome.error);
}

function recall(file: string): Remembered | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Remembered;
  } catch {
    // Not there, or cut short: then it is made again.
    return undefined;
  }
}

function remember(file: string, value: Remembered): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify(value));
    renameSync(temporary, file);
  } catch {
    // A read-only disk costs time at the next graph, nothing else.
  }
}

/** Where Nx keeps what can be made again: NX_WORKSPACE_DATA_DIRECTORY, else `.nx/workspace-data`. */
function cacheFolder(root: string): string {
  return resolve(root, process.env.NX_WORKSPACE_DATA_DIRECTORY ?? join('.nx', 'workspace-data'));
}

/** Which programs the tasks need and nobody has installed: a look at the path, no process. */
function missingTools(root: string, files: readonly string[]): Set<'cargo' | 'buf'> {
  const missing = new Set<'cargo' | 'buf'>();
  const local = [join(root, 'node_modules', '.bin')];
  if (files.some((file) => file.endsWith('Cargo.toml')) && !found('cargo', [])) missing.add('cargo');
  if (files.some((file) => file.endsWith('buf.yaml')) && !found('buf', local)) missing.add('buf');
  return missing;
}

function found(program: string, folders: readonly string[]): boolean {
  const names = process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program];
  return [...folders, ...(process.env.PATH ?? '').split(delimiter)].some((folder) =>
    names.some((name) => {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    }),
  );
}
