import { posix } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import { errors, KrepisError } from '../errors.ts';
import type { ManifestReader } from './reader.ts';

/** What buf's own configuration says. Paths are relative to the Nx root, with `/`. */
export interface Messages {
  readonly modules: readonly BufModule[];
  readonly generations: readonly Generation[];
}

/** A folder of `.proto` files that buf takes as one module. */
export interface BufModule {
  readonly root: string;
  /** Folder that `buf` runs in: that of the buf.yaml or buf.work.yaml. */
  readonly workspaceRoot: string;
  /** The buf.yaml that says so. */
  readonly file: string;
}

/** One `buf generate`: a buf.gen.yaml. */
export interface Generation {
  /** The buf.gen.yaml. */
  readonly file: string;
  /** Folder that `buf generate` runs in. */
  readonly root: string;
  /** Roots of the modules it reads; never empty. */
  readonly modules: readonly string[];
  /** Folders it writes generated code into. */
  readonly outputs: readonly string[];
  /** Files of the workspace that its plugins are run from, for example a script. */
  readonly programs: readonly string[];
  /** Names of the crates that its plugins run by `cargo run --package`. */
  readonly crates: readonly string[];
}

interface BufYaml {
  readonly version?: string;
  readonly modules?: readonly { readonly path?: string }[];
}

interface BufGenYaml {
  readonly plugins?: readonly { readonly out?: string; readonly local?: unknown; readonly path?: unknown }[];
  readonly inputs?: readonly { readonly directory?: string }[];
}

/**
 * Which folders hold messages, and who gets code from them: every buf.yaml (versions 1 and 2), buf.work.yaml and buf.gen.yaml.
 *
 * @throws KrepisError KRP7013 with file, line and column
 * @see https://buf.build/docs/configuration/v2/buf-yaml/
 */
export function readMessages(files: readonly string[], reader: ManifestReader): Messages {
  const named = (name: string) => files.filter((file) => posix.basename(file) === name).sort();
  const modules = new Map<string, BufModule>();
  for (const file of named('buf.work.yaml')) {
    const root = posix.dirname(file);
    const { directories } = readYaml<{ directories?: readonly string[] }>(file, reader);
    for (const directory of directories ?? []) add({ root: posix.join(root, directory), workspaceRoot: root, file });
  }
  for (const file of named('buf.yaml')) {
    const root = posix.dirname(file);
    const { version, modules: declared } = readYaml<BufYaml>(file, reader);
    if (version !== 'v2' || declared === undefined) add({ root, workspaceRoot: root, file });
    else for (const { path } of declared) add({ root: posix.join(root, path ?? '.'), workspaceRoot: root, file });
  }
  function add(module: BufModule): void {
    const root = module.root.replace(/(?<=.)\/$/, '');
    if (!modules.has(root)) modules.set(root, { ...module, root });
  }

  const generations = named('buf.gen.yaml').flatMap((file): Generation[] => {
    const root = posix.dirname(file);
    const { plugins, inputs } = readYaml<BufGenYaml>(file, reader);
    const asked = (inputs ?? []).flatMap(({ directory }) => (directory ? [posix.join(root, directory)] : []));
    const read = [...modules.keys()].filter((module) =>
      (asked.length > 0 ? asked : [root]).some((folder) => isIn(module, folder) || isIn(folder, module)),
    );
    if (read.length === 0) return [];
    return [
      {
        file,
        root,
        modules: read.sort(),
        outputs: unique((plugins ?? []).flatMap(({ out }) => (out ? [posix.join(root, out).replace(/\/$/, '')] : []))),
        programs: unique((plugins ?? []).flatMap(({ local, path }) => programFiles(local ?? path, root, reader))),
        crates: unique((plugins ?? []).flatMap(({ local, path }) => cargoPackage(local ?? path) ?? [])),
      },
    ];
  });
  return { modules: [...modules.values()].sort((a, b) => (a.root < b.root ? -1 : 1)), generations };
}

/** Words of a plugin's command that are files of the workspace. */
function programFiles(command: unknown, root: string, reader: ManifestReader): string[] {
  return [command ?? []]
    .flat()
    .map((word) => posix.join(root, String(word)))
    .filter((path) => /\/|\.\w+$/.test(path) && !path.startsWith('..') && reader.exists(path));
}

/** The crate of a plugin that is run through cargo: `[cargo, run, --package, X, --]`. */
function cargoPackage(command: unknown): string | undefined {
  if (!Array.isArray(command) || command[0] !== 'cargo') return undefined;
  const words = command.map(String);
  const at = words.findIndex((word) => word === '-p' || word === '--package');
  return at >= 0 ? words[at + 1] : words.map((word) => /^--package=(.*)$/.exec(word)?.[1]).find((name) => name);
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

function isIn(path: string, folder: string): boolean {
  return folder === '.' || path === folder || path.startsWith(`${folder}/`);
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
