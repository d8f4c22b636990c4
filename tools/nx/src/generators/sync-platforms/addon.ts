import { posix } from 'node:path';
import type { Tree } from '@nx/devkit';
import { errors, KrepisError } from '../../errors.ts';
import { parseJsonc, positionAt, readText, strings, type Table, table } from '../../manifests.ts';
import { type CliMajor, DEFAULT_TARGETS, parseTriple, type Target } from '../../napi/target.ts';

/** A package with a native addon, as its configuration of napi-rs describes it. Paths are relative to the Nx root. */
export interface Addon {
  readonly root: string;
  /** Path of its package.json. */
  readonly manifest: string;
  readonly json: Table;
  /** First part of the binaries' names: `<binaryName>.<folder>.node`. */
  readonly binaryName: string;
  /** First part of the platform packages' names: `<packageName>-<folder>`. */
  readonly packageName: string;
  readonly version: string;
  readonly targets: readonly Target[];
  /** Folder that holds one folder per platform. */
  readonly npmFolder: string;
  readonly major: CliMajor;
  /** `napi.wasm.cpu`: whether WebAssembly packages are bound to `cpu: ["wasm32"]`. */
  readonly wasmCpu: boolean;
  /** `napi.wasm.optionalDependency`. */
  readonly wasmOptional: boolean;
}

/**
 * Reads the addon of a package.
 *
 * Both forms are known: `binaryName`, `packageName`, `targets` of version 3, and `name`, `package.name`, `triples` of
 * version 2. A file given as `--config-path`, and a folder given as `--npm-dir`, are found in the package's scripts.
 *
 * @returns undefined for a package without an addon, or without targets
 * @throws KrepisError KRP7012 for JSON that does not parse, KRP7034 for targets that cannot be understood
 */
export function readAddon(tree: Tree, manifest: string, rootManifest: Table | undefined): Addon | undefined {
  const text = readText(tree, manifest);
  const root = posix.dirname(manifest);
  if (!text.includes('napi')) return undefined;
  const json = parseJsonc(manifest, text);
  const commands = Object.values(table(json.scripts) ?? {}).filter(
    (script): script is string => typeof script === 'string' && /\bnapi\b/.test(script),
  );
  const option = (pattern: RegExp) => commands.map((script) => pattern.exec(script)?.[1]).find(Boolean);
  const separate = option(/\bnapi\b[^&|;]*\s(?:--config-path|--config|-c)[ =](\S+\.json)/);
  const file = separate === undefined ? undefined : posix.join(root, separate);
  const fromFile = file !== undefined && file !== manifest && tree.exists(file);
  const source = fromFile ? { path: file, text: readText(tree, file) } : { path: manifest, text };
  const napi = fromFile ? parseJsonc(file, source.text) : table(json.napi);
  if (!napi || typeof json.name !== 'string') return undefined;

  const major = majorOf(json, rootManifest, napi);
  const triples = triplesOf(napi, major);
  if (triples.length === 0) return undefined;
  const place = (triple: string) => {
    const offset = source.text.indexOf(`"${triple}"`);
    return { path: source.path, ...(offset < 0 ? {} : positionAt(source.text, offset)) };
  };
  const targets = new Map<string, Target>();
  for (const triple of triples) {
    const target = parseTriple(triple, major, place(triple));
    const other = targets.get(target.folder);
    if (other) {
      const reason = `\`${triple}\` makes ${target.folder}, and so does \`${other.triple}\``;
      throw new KrepisError({ ...errors.BAD_TARGET, at: place(triple), reason });
    }
    targets.set(target.folder, target);
  }
  const wasm = table(napi.wasm);
  return {
    root,
    manifest,
    json,
    binaryName: nonEmpty(napi.name) ?? nonEmpty(napi.binaryName) ?? 'index',
    packageName: nonEmpty(napi.packageName) ?? nonEmpty(table(napi.package)?.name) ?? json.name,
    version: nonEmpty(json.version) ?? '0.0.0',
    targets: [...targets.values()],
    npmFolder: posix.join(root, option(/\bnapi\b[^&|;]*\s--npm-dir[ =](\S+)/) ?? 'npm'),
    major,
    wasmCpu: wasm?.cpu !== false,
    wasmOptional: wasm?.optionalDependency !== false,
  };
}

const nonEmpty = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

function triplesOf(napi: Table, major: CliMajor): string[] {
  const listed = strings(napi.targets);
  if (major === 3 && listed.length > 0) return listed;
  const triples = table(napi.triples);
  // Version 2 builds its defaults unless told otherwise; version 3 only where told so.
  const defaults = major === 2 ? triples?.defaults !== false : triples?.defaults === true;
  return [...(defaults ? DEFAULT_TARGETS[major] : []), ...strings(triples?.additional)];
}

/** The version the project asks for; where it does not say, the form of the configuration tells. */
function majorOf(json: Table, rootManifest: Table | undefined, napi: Table): CliMajor {
  const asked = [json, rootManifest]
    .flatMap((manifest) => [table(manifest?.devDependencies), table(manifest?.dependencies)])
    .map((dependencies) => /^\D*(\d+)/.exec(nonEmpty(dependencies?.['@napi-rs/cli']) ?? '')?.[1])
    .find(Boolean);
  if (asked !== undefined) return Number(asked) >= 3 ? 3 : 2;
  return 'targets' in napi || 'binaryName' in napi || 'packageName' in napi ? 3 : 2;
}
