/** The programs we compare ourselves with: installed by the first run, each set in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A set of packages that is installed together. */
export interface PeerSet {
  readonly name: string;
  /** Package -> version or `file:` path. */
  readonly packages: Readonly<Record<string, string>>;
  /** What the `file:` packages are made of, so that a new build of them is installed anew. */
  readonly state?: string;
}

/** An installed set. */
export interface InstalledPeers {
  /** The folder of its node_modules. */
  readonly modules: string;
}

/** NestJS's own CLI, and what the dependencies of a project of `nest new` are. */
export const NEST: PeerSet = {
  name: 'nest',
  packages: {
    '@nestjs/cli': '12.0.8',
    '@nestjs/schematics': '12.0.6',
    '@nestjs/common': '12.5.1',
    '@nestjs/core': '12.5.1',
    '@nestjs/platform-express': '12.5.1',
    '@nestjs/testing': '12.1.1',
    prettier: '3.10.1',
    'reflect-metadata': '0.2.2',
    rxjs: '7.8.2',
    typescript: '6.0.3',
    vitest: '4.1.12',
  },
};

/** Nx with its NestJS plugin, which works with NestJS 11. */
export const NX: PeerSet = {
  name: 'nx',
  packages: {
    nx: '23.2.1',
    '@nx/devkit': '23.2.1',
    '@nx/eslint': '23.2.1',
    '@nx/jest': '23.2.1',
    '@nx/js': '23.2.1',
    '@nx/nest': '23.2.1',
    '@nx/node': '23.2.1',
    '@nestjs/common': '^11.0.0',
    '@nestjs/core': '^11.0.0',
    '@nestjs/platform-express': '^11.0.0',
    prettier: '3.10.1',
    'reflect-metadata': '0.2.2',
    rxjs: '7.8.2',
    typescript: '6.0.3',
  },
};

/**
 * Installs a set unless it is there.
 *
 * @param home - folder that holds the sets
 * @throws Error if npm fails
 */
export function install(home: string, { name, packages, state = '' }: PeerSet): InstalledPeers {
  const folder = join(home, name);
  const manifest = `${JSON.stringify({ name: `krepis-bench-${name}`, private: true, dependencies: packages }, null, 2)}\n`;
  const digest = createHash('sha256').update(manifest).update(state).digest('hex');
  const marker = join(folder, '.installed');
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== digest) {
    console.error(`Installing ${name}: ${Object.keys(packages).join(', ')} …`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), manifest);
    // A `file:` tarball of the same name and version would be taken from the lock file.
    for (const stale of [
      'package-lock.json',
      'node_modules/.package-lock.json',
      'node_modules/@krepis',
      '.installed',
    ]) {
      rmSync(join(folder, stale), { recursive: true, force: true });
    }
    const npm = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (npm.status !== 0) throw new Error(`npm install in ${folder} ended with ${npm.status ?? npm.error?.message}`);
    writeFileSync(marker, digest);
  }
  return { modules: join(folder, 'node_modules') };
}

/** A program from crates.io. */
export interface Crate {
  readonly name: string;
  readonly version: string;
  readonly program: string;
}

/** A crate that is installed. */
export interface InstalledCrate {
  /** `name@version`. */
  readonly name: string;
  /** Path of its program. */
  readonly program: string;
}

/** Jujutsu: the newest version that Rust 1.95 builds (0.46 needs 1.97). */
export const JJ: Crate = { name: 'jj-cli', version: '0.45.1', program: 'jj' };

/**
 * Builds a crate, with the dependencies of its own lock file, unless it is there. That takes minutes.
 *
 * @param home - folder that holds the sets
 * @returns null, and says why, if it cannot be built here
 */
export function installCrate(home: string, { name, version, program }: Crate): InstalledCrate | null {
  const folder = join(home, `${name}-${version}`);
  const installed = { name: `${name}@${version}`, program: join(folder, 'bin', program) };
  if (existsSync(installed.program)) return installed;
  console.error(`Building ${name} ${version} …`);
  const args = ['install', name, '--version', version, '--locked', '--root', folder, '--quiet'];
  const cargo = spawnSync('cargo', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (cargo.status === 0) return installed;
  console.error(`${name} ${version} cannot be built here (${cargo.status ?? cargo.error?.message}): it is left out.`);
  return null;
}

/**
 * `name@version` as installed.
 *
 * @param from - the package that asks, where it has its own copy
 */
export function installedVersion({ modules }: InstalledPeers, name: string, from?: string): string {
  const require = createRequire(from === undefined ? join(modules, '.') : join(modules, from, 'package.json'));
  const manifest = require.resolve
    .paths(name)
    ?.map((folder) => join(folder, name, 'package.json'))
    .find((file) => existsSync(file));
  if (manifest === undefined) throw new Error(`${name} is not installed in ${modules}`);
  return `${name}@${JSON.parse(readFileSync(manifest, 'utf8')).version}`;
}

/** Path of a package's program, for `node PATH …`. */
export function program({ modules }: InstalledPeers, name: string, command: string): string {
  const folder = join(modules, name);
  return join(folder, JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).bin[command]);
}
