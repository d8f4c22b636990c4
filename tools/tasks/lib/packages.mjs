/** The npm packages that are published, and how their package.json reads outside of this repository. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup.mjs';

/** Folders of the packages with sources here; the platform package is made, see `platformPackage`. */
export const PUBLISHED = ['apps/cli/npm', 'libs/core', 'libs/plugin', 'tools/nx', 'tools/nx/alias'];

/** Those that tsc builds, with what each build reads. */
export const COMPILED = ['libs/core', 'libs/plugin', 'tools/nx'];

/** package.json of a folder. */
export function manifestOf(folder) {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
}

/** The package with the binary for the platform this runs on. */
export function platformPackage(version) {
  const { platform, arch } = process;
  const glibc = platform === 'linux' && process.report.getReport().header.glibcVersionRuntime !== undefined;
  const libc = platform === 'linux' ? (glibc ? '-gnu' : '-musl') : platform === 'win32' ? '-msvc' : '';
  return {
    name: `@krepis/cli-${platform}-${arch}${libc}`,
    version,
    description: `The krepis binary for ${platform}-${arch}${libc}.`,
    license: 'Apache-2.0',
    os: [platform],
    cpu: [arch],
    ...(platform === 'linux' ? { libc: [glibc ? 'glibc' : 'musl'] } : {}),
    files: ['bin'],
    preferUnplugged: true,
  };
}

/** The file name `npm pack` gives a package. */
export function tarballName({ name, version }) {
  return `${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`;
}

/**
 * A package.json for outside: no scripts, no development dependencies, no conditions that lead to sources, and the
 * repository's packages by what `specify` answers.
 *
 * @param {object} manifest
 * @param {(name: string) => string | undefined} specify - for a package of ours, its version or `file:` path
 * @param {Record<string, string>} [optional] - more optional dependencies
 */
export function publishedManifest(manifest, specify, optional = {}) {
  const { devDependencies, scripts, nx, private: _, exports, ...kept } = manifest;
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
    const table = { ...kept[kind], ...(kind === 'optionalDependencies' ? optional : {}) };
    for (const [name, version] of Object.entries(table)) {
      const own = specify(name);
      if (own !== undefined) table[name] = own;
      else if (version.startsWith('workspace:'))
        throw new Error(`${manifest.name} needs ${name}, which is not published`);
    }
    if (Object.keys(table).length > 0) kept[kind] = table;
  }
  return exports === undefined ? kept : { ...kept, exports: withoutSources(exports) };
}

function withoutSources(exports) {
  if (typeof exports !== 'object' || exports === null) return exports;
  const entries = Object.entries(exports).filter(([condition]) => condition !== '@krepis/source');
  return Object.fromEntries(entries.map(([condition, value]) => [condition, withoutSources(value)]));
}
