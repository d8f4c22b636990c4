/**
 * What every task of this repository needs first: the dependencies, and the workspace's own Node.
 *
 * Runs on any Node >= 20.19 with nothing installed. `onWorkspaceNode()` is the first statement of each task: it
 * installs what the lock file says (once per lock file) and starts the task again on Node 24, the dev dependency,
 * whatever the machine has.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The pnpm that DESIGN.md §10 pins. */
export const PNPM = 'pnpm@12.21.0';
const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Installs the dependencies if they are not those of the lock file, and goes on with the calling task on Node 24. */
export function onWorkspaceNode() {
  process.chdir(root);
  install();
  prepareEnvironment();
  if (process.env.KREPIS_TASK_NODE === node) return;
  const run = spawnSync(node, process.argv.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, KREPIS_TASK_NODE: node },
  });
  process.exit(run.status ?? 1);
}

/** Runs a program in the repository's root; ends the task with its exit code if it fails. */
export function run(command, args = [], options = {}) {
  const result = spawnSync(command, args, { stdio: 'inherit', cwd: root, ...options });
  if (result.error) fail(`cannot start ${command}: ${result.error.message}`);
  if (result.status !== 0 && !options.allowFailure) {
    fail(`${[command, ...args].join(' ')} ended with ${result.status ?? result.signal}`, result.status || 1);
  }
  return result;
}

/** Ends the task with a message. */
export function fail(message, code = 1) {
  console.error(`\n${message}`);
  process.exit(code);
}

function install() {
  const marker = join(root, 'node_modules', '.krepis-installed');
  const inputs = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'];
  const state = createHash('sha256')
    .update(inputs.map((file) => readFileSync(join(root, file))).join('\0'))
    .digest('hex');
  if (existsSync(node) && existsSync(marker) && readFileSync(marker, 'utf8') === state) return;
  console.error('Installing the dependencies …');
  run('npx', ['-y', PNPM, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    stdio: ['ignore', process.stderr, 'inherit'],
  });
  mkdirSync(dirname(marker), { recursive: true });
  writeFileSync(marker, state);
}

function prepareEnvironment() {
  const first = [dirname(node), join(root, 'node_modules', '.bin')];
  process.env.PATH = [...first, process.env.PATH].join(delimiter);
  // The cache of Nx lies in the home folder by default and is shared by clones.
  process.env.NX_CACHE_DIRECTORY ??= join(root, '.nx', 'cache');
  process.env.NX_WORKSPACE_DATA_DIRECTORY ??= join(root, '.nx', 'workspace-data');
  process.env.NX_TUI ??= 'false';
  if (process.env.CI) process.env.NX_DAEMON ??= 'false';
}
