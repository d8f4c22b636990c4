import { refuse, type View } from '@krepis/plugin';
import { defaultStyle, type Style } from '../edit/style.ts';
import { errors } from '../errors.ts';
import { configuredStyle } from './configured-style.ts';
import { isRecord, readJson } from './json.ts';
import { below, directoryOf, join, upwards } from './paths.ts';
import type { ImportSuffix } from './specifiers.ts';
import { type TestSetup, testSetup } from './test-setup.ts';
import { type Alias, compilerOptionsAt } from './tsconfig.ts';

/** Which framework code is written for. */
export type Dialect = 'krepis' | 'nest';

/** What generators know about the package a file belongs to. */
export interface Project {
  /** The folder of the nearest package.json, relative to the workspace root. */
  readonly directory: string;
  /** `undefined`: its dependencies name neither, or both. */
  readonly dialect: Dialect | undefined;
  /** Where new sources go, relative to the workspace root. */
  readonly root: string;
  readonly tests: TestSetup;
  readonly importSuffix: ImportSuffix;
  readonly aliases: readonly Alias[];
  /** What configuration files say about layout. */
  readonly configured: Partial<Style>;
  /** The same over the defaults. */
  readonly style: Style;
}

const known = new WeakMap<View, Map<string, Project>>();

/** What the package around a folder is like. */
export function projectAt(view: View, folder: string): Project {
  const projects = known.get(view) ?? new Map<string, Project>();
  known.set(view, projects);
  const project = projects.get(folder) ?? lookAt(view, folder);
  projects.set(folder, project);
  return project;
}

function lookAt(view: View, folder: string): Project {
  const packages = upwards(folder)
    .map((directory) => ({ directory, json: readJson(view, below(directory, 'package.json')) }))
    .filter(({ json }) => json !== undefined);
  const nearest = packages[0] ?? { directory: '', json: {} };
  const dialect = packages.map(({ json }) => dialectOf(json ?? {})).find((found) => found !== undefined);
  const names = packages.flatMap(({ json }) => dependencyNames(json ?? {}));
  const compiler = compilerOptionsAt(view, folder);
  const isEsm = nearest.json?.type === 'module';
  const configured = configuredStyle(view, folder);
  const formats = names.some((name) => name === 'prettier' || name === '@biomejs/biome');
  const root = sourceRoot(view, nearest.directory);
  const kind = dialect === 'both' ? undefined : dialect;
  return {
    directory: nearest.directory,
    dialect: kind,
    root,
    tests: testSetup(view, {
      directory: nearest.directory,
      root,
      isNest: kind === 'nest',
      packages: packages.map(({ json }) => json ?? {}),
    }),
    importSuffix: importSuffix(compiler.options, isEsm, kind),
    aliases: compiler.aliases,
    configured,
    style: { ...defaultStyle, width: formats ? 80 : 100, ...configured },
  };
}

/** @throws Refusal KRP6106 if code and package.json leave it open */
export function requireDialect(dialect: Dialect | undefined, folder: string): Dialect {
  return (
    dialect ?? refuse(errors.UNKNOWN_PROJECT, { values: { folder: folder === '' ? 'the workspace root' : folder } })
  );
}

/** Names in every kind of dependencies of a package.json. */
export function dependencyNames(json: Readonly<Record<string, unknown>>): string[] {
  return ['dependencies', 'devDependencies', 'peerDependencies']
    .map((kind) => json[kind])
    .filter(isRecord)
    .flatMap(Object.keys);
}

function dialectOf(json: Readonly<Record<string, unknown>>): Dialect | 'both' | undefined {
  const names = dependencyNames(json);
  const isKrepis = json.name !== '@krepis/core' && names.includes('@krepis/core');
  const isNest = names.includes('@nestjs/common') || names.includes('@nestjs/core');
  if (isKrepis && isNest) return 'both';
  return isKrepis ? 'krepis' : isNest ? 'nest' : undefined;
}

function sourceRoot(view: View, directory: string): string {
  const config = view.config;
  const configured =
    directory === '' && isRecord(config) && typeof config.root === 'string' ? join('', config.root) : undefined;
  if (configured !== undefined && configured !== '') return configured;
  const nest = readJson(view, below(directory, 'nest-cli.json'))?.sourceRoot;
  const nestRoot = typeof nest === 'string' ? join(directory, nest) : undefined;
  if (nestRoot !== undefined) return nestRoot;
  return view.exists(below(directory, 'src')) ? below(directory, 'src') : directory;
}

function importSuffix(
  options: Readonly<Record<string, unknown>>,
  isEsm: boolean,
  dialect: Dialect | undefined,
): ImportSuffix {
  if (options.allowImportingTsExtensions === true || options.rewriteRelativeImportExtensions === true) return '.ts';
  const module = String(options.module ?? '').toLowerCase();
  if (/^node/.test(module)) return isEsm ? '.js' : '';
  // Without a compiler, Node strips the types, and needs the name of the file that is there.
  return module === '' && dialect === 'krepis' ? '.ts' : '';
}

/** The nearest package.json's folder. */
export function packageDirectory(view: View, path: string): string {
  return (
    upwards(directoryOf(path)).find((directory) => view.read(below(directory, 'package.json')) !== undefined) ?? ''
  );
}
