import { posix } from 'node:path';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import picomatch from 'picomatch';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { errors, KrepisError } from '../errors.ts';
import type { ManifestReader } from './reader.ts';

/** One npm package of the workspace. Paths are relative to the Nx root, with `/`. */
export interface NpmPackage {
  readonly name: string;
  /** Folder of its package.json. The key of the package. */
  readonly root: string;
  /** Roots of the workspace packages it depends on: by name where the version is `workspace:` or matches, or by `file:`/`link:`. */
  readonly dependencies: readonly string[];
  /** True with a tsconfig.json beside the package.json. */
  readonly typescript: boolean;
  /** Folder the build writes, from `outDir` of tsconfig.build.json; absent without that file. */
  readonly buildOutput?: string | undefined;
  /** True with a jest.config.* beside the package.json. */
  readonly jest: boolean;
}

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
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
export function readPackages(manifests: readonly string[], reader: ManifestReader): NpmPackage[] {
  const isMember = workspaceMatcher(reader);
  const members = manifests
    .map((path) => posix.dirname(path))
    .filter((root) => root !== '.' && (isMember(root) || reader.exists(`${root}/project.json`)))
    .sort();
  const jsons = new Map(members.map((root) => [root, readJson<PackageJson>(`${root}/package.json`, reader)]));
  const rootsByName = new Map<string, string>();
  for (const [root, json] of jsons) if (json.name) rootsByName.set(json.name, root);

  return [...jsons].map(([root, json]) => ({
    name: json.name ?? root,
    root,
    dependencies: dependencies(root, json, rootsByName),
    typescript: reader.exists(`${root}/tsconfig.json`),
    buildOutput: buildOutput(root, reader),
    jest: JEST_CONFIGS.some((file) => reader.exists(`${root}/${file}`)),
  }));
}

const JEST_CONFIGS = ['cjs', 'js', 'mjs', 'ts', 'cts', 'mts', 'json'].map((extension) => `jest.config.${extension}`);

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

function dependencies(root: string, json: PackageJson, rootsByName: ReadonlyMap<string, string>): string[] {
  const found = new Set<string>();
  const tables = [json.dependencies, json.devDependencies, json.optionalDependencies, json.peerDependencies];
  for (const [name, version] of tables.flatMap((table) => Object.entries(table ?? {}))) {
    const path = /^(?:file|link):(.*)$/.exec(version)?.[1];
    const alias = /^workspace:(@?[^@]+)@/.exec(version)?.[1];
    const target = path === undefined ? rootsByName.get(alias ?? name) : posix.join(root, path);
    if (target !== undefined && target !== root && [...rootsByName.values()].includes(target)) found.add(target);
  }
  return [...found].sort();
}

function buildOutput(root: string, reader: ManifestReader): string | undefined {
  const path = `${root}/tsconfig.build.json`;
  if (!reader.exists(path)) return undefined;
  const { compilerOptions } = readJson<{ compilerOptions?: { outDir?: string } }>(path, reader);
  return posix.join(root, compilerOptions?.outDir ?? 'dist');
}

function readJson<T>(path: string, reader: ManifestReader): T {
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
