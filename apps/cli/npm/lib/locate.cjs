/**
 * Where the krepis binary is, and what it is told about the Node that came with it.
 *
 * Small on purpose: this runs before every `krepis`. Plain CommonJS without dependencies, as it must load on any Node.
 */
'use strict';
const { existsSync } = require('node:fs');
const { join } = require('node:path');

/** The oldest Node that krepis runs its commands on (DESIGN.md §6): major, minor. */
const FLOOR = [22, 18];

/**
 * Finds the binary: `KREPIS_BIN`, the package of this platform, or a build of Krepis' own repository.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ binary: string, env: NodeJS.ProcessEnv }} the binary, and the environment to start it with
 * @throws {LauncherError} KRP1900, with what was looked for and how to mend it
 */
function locate(env = process.env) {
  const packageRoot = join(__dirname, '..');
  const name = process.platform === 'win32' ? 'krepis.exe' : 'krepis';
  if (env.KREPIS_BIN) return { binary: env.KREPIS_BIN, env: environment(env, join(packageRoot, 'runner')) };
  for (const id of platformPackages()) {
    const binary = resolve(`${id}/bin/${name}`);
    if (binary) return { binary, env: environment(env, join(packageRoot, 'runner')) };
  }
  const dist = join(packageRoot, '..', '..', '..', 'dist');
  const inRepository = existsSync(join(packageRoot, '..', 'Cargo.toml'));
  const built = join(dist, 'bin', name);
  if (inRepository && existsSync(built)) return { binary: built, env: environment(env, join(dist, 'runner')) };
  throw missing(inRepository);
}

/** This platform's packages, the likelier first: on Linux the C library decides which one is installed. */
function platformPackages() {
  const { platform, arch } = process;
  const suffixes = platform === 'linux' ? ['-gnu', '-musl'] : platform === 'win32' ? ['-msvc'] : [''];
  return suffixes.map((suffix) => `@krepis/cli-${platform}-${arch}${suffix}`);
}

function resolve(id) {
  try {
    return require.resolve(id);
  } catch {
    return undefined;
  }
}

function environment(env, runner) {
  const added = {};
  if (!env.KREPIS_RUNNER_DIR && existsSync(runner)) added.KREPIS_RUNNER_DIR = runner;
  const [major, minor] = process.versions.node.split('.').map(Number);
  const meetsFloor = major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1]);
  if (!env.KREPIS_BUNDLED_NODE && meetsFloor) added.KREPIS_BUNDLED_NODE = process.execPath;
  return { ...env, ...added };
}

function missing(inRepository) {
  const { errors, LauncherError } = require('./errors.cjs');
  const reason = `looked for ${platformPackages().join(', ')}`;
  return new LauncherError(
    errors.NO_BINARY,
    reason,
    inRepository ? 'Run `npm run build` in the repository.' : undefined,
  );
}

module.exports = { locate, platformPackages };
