/**
 * `node tools/tasks/nodes.mjs`: one Node of each line that plugins run on, for the tests of the sandbox. Prints a line
 * `VERSION PATH` for each.
 *
 * The packages are the ones that npm's `node` is made of. They are installed once, into `dist/nodes/`; 24 is the
 * workspace's own where that is of the line.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const VERSIONS = ['22.23.3', '24.21.0', '26.10.0'];

for (const version of VERSIONS) {
  const folder = join(root, 'dist', 'nodes', version);
  const own = join(root, 'node_modules', 'node', 'bin', 'node');
  if (versionOf(own) === `v${version}`) {
    console.log(`${version} ${own}`);
    continue;
  }
  const name = `node-${process.platform}-${process.arch}`;
  const program = join('node_modules', name, 'bin', 'node');
  if (!existsSync(join(folder, program))) install(folder, name, version);
  console.log(`${version} ${join(folder, program)}`);
}

/** The folder appears under its name when it is whole. */
function install(folder, name, version) {
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  writeFileSync(join(fresh, 'package.json'), JSON.stringify({ private: true, dependencies: { [name]: version } }));
  const npm = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: fresh,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (npm.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    console.error(`Node ${version} could not be installed:\n${npm.error?.message ?? npm.stderr}`);
    process.exit(1);
  }
  try {
    renameSync(fresh, folder);
  } catch {
    // Another process was quicker.
    rmSync(fresh, { recursive: true, force: true });
  }
}

function versionOf(program) {
  return existsSync(program) ? spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.trim() : undefined;
}
