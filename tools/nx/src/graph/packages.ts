import { posix } from 'node:path';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import picomatch from 'picomatch';
// One by one: the whole of semver takes twice as long to load.
import satisfies from 'semver/functions/satisfies.js';
import valid from 'semver/functions/valid.js';
import validRange from 'semver/ranges/valid.js';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { errors, KrepisError } from '../errors.ts';
import { type AddonBuild, addonBuild, type NapiConfig } from './addon.ts';
import { duplicate } from './cargo.ts';
import type { ManifestReader } from './reader.ts';

/** One npm package of the workspace. Paths are relative to the Nx root, with `/`. */
export interface NpmPackage {
  readonly name: string;
  /** `nx.name` of the manifest. */
  readonly projectName?: string | undefined;
  /** Folder of its package.json. The key of the package. */
  readonly root: string;
  /** Roots of the workspace packages it depends on: by name where the version is `workspace:` or matches, or by `file:`/`link:`. */
  readonly dependencies: readonly PackageDependency[];
  /** True with a tsconfig.json beside the package.json. */
  readonly typescript: boolean;
  /** How tsc builds it; absent where nothing says so. */
  readonly build?: TypeScriptBuild | undefined;
  /** The test runner whose configuration stands beside the package.json. */
  readonly tests?: 'jest' | 'vitest' | undefined;
  /** True with an eslint.config.* beside the package.json. */
  readonly eslint: boolean;
  /** True with `private: true`, or without a version: never published. */
  readonly private: boolean;
  readonly version?: string | undefined;
  /** True where `bin` names a command. */
  readonly bin: boolean;
  /** `scripts`, by name. */
  readonly scripts: Readonly<Record<string, string>>;
  /** True with a `napi` field. */
  readonly napi: boolean;
  /** How its Node-API addon is built, where a script or the `napi` field says so. */
  readonly addon?: AddonBuild | undefined;
}

/** An edge between two packages of the workspace. */
export interface PackageDependency {
  readonly root: string;
  /** True if `devDependencies` alone names it. */
  readonly dev: boolean;
}

/** A build by tsc. */
export interface TypeScriptBuild {
  /** The configuration file, relative to the package. */
  readonly config: string;
  /** The folder it writes, relative to the Nx root. */
  readonly output: string;
  /** The npm script that is exactly this build. */
  readonly script?: string | undefined;
}

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly bin?: unknown;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly napi?: NapiConfig;
  readonly nx?: { readonly name?: string };
  readonly workspaces?: readonly string[] | { readonly packages?: readonly string[] };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * Reads the npm packages below an Nx root: those the package manager's workspace lists, and those with a project.json.
 *
 * Other package.json files (fixtures, examples with a workspace of their own) are no projects of this graph.
 *
 * @throws KrepisError KRP7012 with file, line and column
 */
export function readPackages(paths: readonly string[], reader: ManifestReader): NpmPackage[] {
  const isMember = workspaceMatcher(reader);
  const files = new Set(paths);
  const members = paths
    .filter((path) => posix.basename(path) === 'package.json')
    .map((path) => posix.dirname(path))
    .filter((root) => root !== '.' && (isMember(root) || files.has(`${root}/project.json`)))
    .sort();
  const jsons = new Map(members.map((root) => [root, readJson<PackageJson>(manifestOf(root), reader)]));
  if (files.has('package.json')) {
    // The root's manifest holds the tools of all; it is a project where it is a package itself.
    const json = readJson<PackageJson>('package.json', reader);
    if (json.nx !== undefined || json.napi !== undefined || isMember('.') || isNeeded(json.name, jsons))
      jsons.set('.', json);
  }
  const rootsByName = new Map<string, string>();
  for (const [root, { name }] of jsons) {
    if (!name) continue;
    const other = rootsByName.get(name);
    if (other !== undefined) throw duplicate(name, manifestOf(other), manifestOf(root));
    rootsByName.set(name, root);
  }

  return [...jsons].map(([root, json]) => ({
    name: json.name ?? root,
    projectName: json.nx?.name,
    root,
    dependencies: dependencies(root, json, rootsByName, jsons),
    typescript: files.has(posix.join(root, 'tsconfig.json')),
    build: typescriptBuild(root, json.scripts ?? {}, files, reader),
    tests: configured(root, 'jest.config', files)
      ? 'jest'
      : configured(root, 'vitest.config', files)
        ? 'vitest'
        : undefined,
    eslint: configured(root, 'eslint.config', files),
    private: json.private === true || json.version === undefined,
    version: json.version,
    bin: json.bin !== undefined,
    scripts: json.scripts ?? {},
    napi: json.napi !== undefined,
    addon: addonBuild(root, json.napi, json.scripts ?? {}, reader),
  }));
}

function manifestOf(root: string): string {
  return posix.join(root, 'package.json');
}

/** Whether a member depends on the root's package. */
function isNeeded(name: string | undefined, jsons: ReadonlyMap<string, PackageJson>): boolean {
  if (name === undefined) return false;
  const tables = [...jsons.values()].flatMap((json) => [
    json.dependencies,
    json.devDependencies,
    json.peerDependencies,
  ]);
  return tables.some((table) => table !== undefined && name in table);
}

const CONFIG_EXTENSIONS = ['cjs', 'js', 'mjs', 'ts', 'cts', 'mts', 'json'];

function configured(root: string, name: string, files: ReadonlySet<string>): boolean {
  return CONFIG_EXTENSIONS.some((extension) => files.has(posix.join(root, `${name}.${extension}`)));
}

function workspaceMatcher(reader: ManifestReader): (root: string) => boolean {
  const patterns = reader.exists('pnpm-workspace.yaml') ? pnpmPatterns(reader) : npmPatterns(reader);
  const clean = (pattern: string) => pattern.replace(/^\.\//, '').replace(/\/$/, '');
  const included = picomatch(patterns.filter((pattern) => !pattern.startsWith('!')).map(clean));
  const excluded = picomatch(
    patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => clean(pattern.slice(1))),
  );
  return (root) => included(root) && !excluded(root);
}

function pnpmPatterns(reader: ManifestReader): readonly string[] {
  const path = 'pnpm-workspace.yaml';
  try {
    const yaml = parseYaml(reader.read(path)) as { packages?: readonly string[] } | null;
    return yaml?.packages ?? [];
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const at = error.linePos?.[0];
    throw new KrepisError({
      ...errors.BROKEN_MANIFEST,
      at: { path, line: at?.line, column: at?.col },
      reason: error.message.split('\n')[0],
    });
  }
}

function npmPatterns(reader: ManifestReader): readonly string[] {
  if (!reader.exists('package.json')) return [];
  const { workspaces } = readJson<PackageJson>('package.json', reader);
  return (Array.isArray(workspaces) ? workspaces : (workspaces as { packages?: readonly string[] })?.packages) ?? [];
}

function dependencies(
  root: string,
  json: PackageJson,
  rootsByName: ReadonlyMap<string, string>,
  jsons: ReadonlyMap<string, PackageJson>,
): PackageDependency[] {
  const found = new Map<string, boolean>();
  const roots = new Set(rootsByName.values());
  const tables = [
    [json.dependencies, false],
    [json.optionalDependencies, false],
    [json.peerDependencies, false],
    [json.devDependencies, true],
  ] as const;
  for (const [table, dev] of tables) {
    for (const [name, version] of Object.entries(table ?? {})) {
      const path = /^(?:file|link|portal):(.*)$/.exec(version)?.[1];
      const alias = /^(?:workspace|npm):(@?[^@]+)@/.exec(version)?.[1];
      const target = path === undefined ? rootsByName.get(alias ?? name) : posix.join(root, path).replace(/\/$/, '');
      if (target === undefined || target === root || !roots.has(target)) continue;
      // An older version from the registry under the same name is another package.
      if (path === undefined && !isLocal(version, jsons.get(target)?.version)) continue;
      found.set(target, (found.get(target) ?? true) && dev);
    }
  }
  return [...found].map(([target, dev]) => ({ root: target, dev })).sort((a, b) => (a.root < b.root ? -1 : 1));
}

/** Whether a package manager takes the workspace's own package for this range. */
function isLocal(range: string, version: string | undefined): boolean {
  // `workspace:`, `catalog:` and dist-tags are no ranges; what cannot be known counts as an edge.
  const plain = /^npm:@?[^@]+@(.*)$/.exec(range)?.[1] ?? range;
  if (version === undefined || validRange(plain) === null || valid(version) === null) return true;
  return satisfies(version, plain, { includePrerelease: true });
}

const BUILD_CONFIGS = ['tsconfig.build.json', 'tsconfig.lib.json'] as const;

/**
 * tsc by the configuration file that is made for builds, or by the `build` script where that is nothing but a call of tsc.
 *
 * Any other script stays what it is: what it writes cannot be known, so it is not cached unless the user says its outputs.
 */
function typescriptBuild(
  root: string,
  scripts: Readonly<Record<string, string>>,
  files: ReadonlySet<string>,
  reader: ManifestReader,
): TypeScriptBuild | undefined {
  const script =
    scripts.build === undefined ? undefined : /^tsc(?: (?:-p|--project) (\S+))?$/.exec(scripts.build.trim());
  if (scripts.build !== undefined && !script) return undefined;
  const config = script
    ? posix.normalize(script[1] ?? 'tsconfig.json').replace(/^(?!.*\.json$)(.*)$/, '$1/tsconfig.json')
    : BUILD_CONFIGS.find((name) => files.has(posix.join(root, name)));
  if (config === undefined || !reader.exists(posix.join(root, config))) return undefined;
  const output = outputFolder(posix.join(root, config), reader);
  if (output === undefined && script) return undefined;
  return { config, output: output ?? posix.join(root, 'dist'), script: script ? 'build' : undefined };
}

/** `outDir` of a tsconfig, its `extends` followed; undefined where none says it, or where it leads into the sources. */
function outputFolder(path: string, reader: ManifestReader, depth = 0): string | undefined {
  const { compilerOptions, extends: bases } = readJson<TsConfig>(path, reader);
  const folder = posix.dirname(path);
  if (compilerOptions?.outDir !== undefined) {
    const output = posix.join(folder, compilerOptions.outDir).replace(/\/$/, '');
    return output === folder ? undefined : output;
  }
  for (const base of [bases ?? []].flat().reverse()) {
    const file = posix.join(folder, base.endsWith('.json') ? base : `${base}.json`);
    if (!base.startsWith('.') || depth > 8 || !reader.exists(file)) continue;
    // An inherited `outDir` is relative to the file that says it.
    const output = outputFolder(file, reader, depth + 1);
    if (output !== undefined) return output;
  }
  return undefined;
}

interface TsConfig {
  readonly extends?: string | readonly string[];
  readonly compilerOptions?: { readonly outDir?: string };
}

/** Reads a JSON file with comments; KRP7012 with its place where it does not parse. */
export function readJson<T>(path: string, reader: ManifestReader): T {
  const text = reader.read(path);
  const problems: ParseError[] = [];
  const value = parse(text, problems, { allowTrailingComma: true }) as T;
  const problem = problems[0];
  if (problem) {
    const before = text.slice(0, problem.offset).split('\n');
    throw new KrepisError({
      ...errors.BROKEN_MANIFEST,
      at: { path, line: before.length, column: (before.at(-1) ?? '').length + 1 },
      reason: printParseErrorCode(problem.error),
    });
  }
  return value;
}
