import type { View } from '@krepis/plugin';
import { isRecord, readJson } from './json.ts';
import { below, directoryOf, join, upwards } from './paths.ts';

/** A name for a place in the workspace: `@app/*` for `libs/app/src/*`. */
export interface Alias {
  /** What a specifier begins with. */
  readonly prefix: string;
  /** What it ends with. */
  readonly suffix: string;
  /** What takes the prefix's place, relative to the workspace root. */
  readonly directory: string;
}

/** The compiler options that count for a folder, and its aliases (tsconfig `paths`, package.json `imports`). */
export function compilerOptionsAt(
  view: View,
  folder: string,
): { readonly options: Readonly<Record<string, unknown>>; readonly aliases: readonly Alias[] } {
  const directories = upwards(folder);
  const home = directories.find((directory) => view.read(below(directory, 'tsconfig.json')) !== undefined);
  const chain = home === undefined ? [] : chainOf(view, below(home, 'tsconfig.json'), new Set());
  const options = Object.assign({}, ...chain.map(({ options: own }) => own)) as Record<string, unknown>;
  const withPaths = chain.filter((link) => isRecord(link.options.paths)).at(-1);
  const base = chain.filter((link) => typeof link.options.baseUrl === 'string').at(-1);
  const from = base === undefined ? withPaths?.directory : join(base.directory, String(base.options.baseUrl));
  const paths = withPaths === undefined || from === undefined ? [] : aliasesIn(withPaths.options.paths, from);
  const owner = directories.find((directory) => view.read(below(directory, 'package.json')) !== undefined) ?? '';
  const imports = aliasesIn(readJson(view, below(owner, 'package.json'))?.imports, owner);
  return { options, aliases: [...paths, ...imports] };
}

interface Link {
  readonly directory: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The configurations a tsconfig is made of, what it extends first. */
function chainOf(view: View, path: string, seen: Set<string>): Link[] {
  if (seen.has(path)) return [];
  seen.add(path);
  const json = readJson(view, path);
  if (json === undefined) return [];
  const bases = [json.extends ?? []].flat().filter((base) => typeof base === 'string');
  const own = isRecord(json.compilerOptions) ? json.compilerOptions : {};
  return [
    ...bases.flatMap((base) => {
      const found = locate(view, directoryOf(path), base);
      return found === undefined ? [] : chainOf(view, found, seen);
    }),
    { directory: directoryOf(path), options: own },
  ];
}

function locate(view: View, directory: string, base: string): string | undefined {
  const candidates = /^\.\.?(?:\/|$)/.test(base)
    ? [join(directory, base)]
    : base.startsWith('/')
      ? []
      : upwards(directory).map((folder) => below(folder, `node_modules/${base}`));
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    for (const path of [candidate, `${candidate}.json`, `${candidate}/tsconfig.json`]) {
      if (path.endsWith('.json') && view.read(path) !== undefined) return path;
    }
  }
  return undefined;
}

function aliasesIn(table: unknown, directory: string): Alias[] {
  if (!isRecord(table)) return [];
  return Object.entries(table).flatMap(([pattern, targets]) => {
    const target = [targets].flat()[0];
    const [prefix, suffix, ...rest] = pattern.split('*');
    // Without a star it names one file; conditions (an object) are for packages.
    if (typeof target !== 'string' || prefix === undefined || suffix === undefined || rest.length > 0 || prefix === '')
      return [];
    const [start, end] = target.split('*');
    const to = start === undefined || end === undefined ? undefined : join(directory, start);
    if (to === undefined || (end !== suffix && end !== '')) return [];
    return [
      { prefix, suffix: end === suffix ? suffix : '', directory: start?.endsWith('/') && to !== '' ? `${to}/` : to },
    ];
  });
}
