import { type Place, refuse, type View } from '@krepis/plugin';
import picomatch from 'picomatch';
import type { Draft } from '../edit/draft.ts';
import { errors } from '../errors.ts';
import { isRecord } from '../project/json.ts';
import { baseOf, below, directoryOf, join, upwards } from '../project/paths.ts';
import type { Dialect } from '../project/project.ts';
import { placeOf, requireSyntax, showPlace } from '../source.ts';
import { type ModuleDeclaration, modulesIn } from './declaration.ts';
import type { ModuleSite } from './metadata.ts';

/** What a module is looked for. */
export interface Wanted {
  /** What is to be registered, for messages. */
  readonly name: string;
  /** The file that declares it, or will. */
  readonly path: string;
  /** `--module`: FILE, FILE#NAME or NAME. */
  readonly module: string | undefined;
  /** Only modules of this kind count. */
  readonly dialect: Dialect | undefined;
}

/** A module and its place. */
export interface FoundModule extends ModuleSite {
  readonly dialect: Dialect;
  readonly place: Place;
}

/**
 * The module a file belongs to: the one `--module` names, else the only one declared in the nearest folder upwards that has
 * one in the same element of krepis.json, else in the nearest folder upwards that has one at all: where modules are an element
 * of their own (composition), they register what other elements declare. The gate judges the result.
 *
 * @throws Refusal KRP6104 none, KRP6105 several, KRP6008 `--module` names none
 */
export async function nearestModule(draft: Draft, wanted: Wanted): Promise<FoundModule> {
  if (wanted.module !== undefined) return namedModule(draft, wanted, wanted.module);
  const folder = directoryOf(wanted.path);
  const element = elementOf(draft.view.config, wanted.path);
  let nearest: readonly FoundModule[] = [];
  for (const directory of upwards(folder)) {
    const found = modulesInFolder(draft, directory, wanted);
    const inside = found.filter(({ path }) => elementOf(draft.view.config, path) === element);
    if (inside.length > 1) refuseSeveral(wanted, inside);
    if (inside[0] !== undefined) return inside[0];
    if (nearest.length === 0) nearest = found;
    // A package's modules are its own.
    if (directory !== '' && draft.view.read(below(directory, 'package.json')) !== undefined) break;
  }
  if (nearest.length > 1) refuseSeveral(wanted, nearest);
  return (
    nearest[0] ??
    refuse(errors.NO_MODULE, {
      values: { folder: folder === '' ? 'the workspace root' : folder, name: wanted.name },
    })
  );
}

/** The modules declared in a folder's files. Files that are called `*.module.ts` come first; others only without these. */
export function modulesInFolder(
  draft: Draft,
  directory: string,
  wanted: Pick<Wanted, 'path' | 'dialect'>,
): FoundModule[] {
  const files = draft.view
    .list(directory)
    .filter(
      ({ name, kind }) =>
        kind !== 'directory' && /\.[cm]?tsx?$/.test(name) && !/\.d\.[cm]?ts$|[.-](?:spec|test)\.[cm]?tsx?$/.test(name),
    )
    .map(({ name }) => below(directory, name))
    .filter((path) => path !== wanted.path);
  const isModuleFile = (path: string) => /\bmodule\.[cm]?tsx?$/.test(baseOf(path));
  const modulesOf = (paths: readonly string[]) => paths.flatMap((path) => modulesInFile(draft, path, wanted.dialect));
  const first = modulesOf(files.filter(isModuleFile));
  return first.length > 0 ? first : modulesOf(files.filter((path) => !isModuleFile(path)));
}

function modulesInFile(draft: Draft, path: string, dialect: Dialect | undefined): FoundModule[] {
  if (!/\bdefineModule\b|\bModule\b/.test(draft.view.read(path) ?? '')) return [];
  const source = draft.peek(path);
  if (source === undefined) return [];
  const found = modulesIn(source).filter((module) => dialect === undefined || module.dialect === dialect);
  if (found.length > 0) requireSyntax(source);
  return found.map((module) => ({
    path,
    name: module.name,
    dialect: module.dialect,
    place: placeOf(source, nameNode(module)),
  }));
}

async function namedModule(draft: Draft, wanted: Wanted, module: string): Promise<FoundModule> {
  const unknown = (reason?: string): never => refuse(errors.MODULE_NOT_FOUND, { values: { module }, reason });
  const [file, name] = module.split('#') as [string, string | undefined];
  const path = join('', file);
  const isFile = path !== undefined && /[./]/.test(file);
  if (isFile) {
    if (draft.view.readBytes(path) === undefined) return unknown(`there is no file ${path}`);
    requireSyntax(draft.peek(path) ?? unknown());
    const found = modulesInFile(draft, path, undefined).filter(
      (candidate) => name === undefined || candidate.name === name,
    );
    if (found.length > 1) refuseSeveral(wanted, found);
    return found[0] ?? unknown(`${path} declares ${name === undefined ? 'none' : `no module ${name}`}`);
  }
  const sites = await draft.view.findClasses(file);
  const nearby = upwards(directoryOf(wanted.path)).flatMap((directory) =>
    modulesInFolder(draft, directory, { path: '', dialect: undefined }),
  );
  const paths = [...new Set([...sites, ...nearby].map((site) => site.path))];
  const found = paths
    .flatMap((candidate) => modulesInFile(draft, candidate, undefined))
    .filter((candidate) => candidate.name === file);
  if (found.length > 1) refuseSeveral(wanted, found);
  return found[0] ?? unknown();
}

function refuseSeveral({ name }: Wanted, found: readonly FoundModule[]): never {
  const [first] = found;
  const places = found.map((module) => `${module.name} (${showPlace(module.place)})`).join(', ');
  const sameFile = found.every(({ path }) => path === first?.path);
  return refuse(errors.SEVERAL_MODULES, {
    values: { name, count: found.length, places },
    at: first?.place,
    hint: `say which one with \`--module ${first?.path}${sameFile ? `#${first?.name}` : ''}\``,
  });
}

function nameNode({ call }: ModuleDeclaration) {
  return call;
}

/** The first element of krepis.json whose files a path belongs to; `undefined`: none. */
export function elementOf(config: View['config'], path: string): string | undefined {
  const elements = isRecord(config) && Array.isArray(config.elements) ? config.elements : [];
  for (const element of elements) {
    if (!isRecord(element) || !Array.isArray(element.files)) continue;
    const globs = element.files.filter((glob) => typeof glob === 'string');
    const taken = globs.filter((glob) => !glob.startsWith('!'));
    const left = globs.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
    const matches = (list: readonly string[]) =>
      list.some((glob) => picomatch.isMatch(path, glob, { dot: true, noextglob: true, nonegate: true }));
    if (matches(taken) && !matches(left)) return String(element.name);
  }
  return undefined;
}
