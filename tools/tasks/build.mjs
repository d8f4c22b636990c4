/**
 * `npm run build [-- [PART…] [--dev]]`: makes what users get, in `dist/`. Parts (default: all):
 *
 *   packages  libs/core, libs/plugin, tools/nx: their own dist/
 *   runner    dist/runner, what the CLI runs generators and commands with
 *   cli       dist/bin/krepis
 *   crash     dist/bin/krepis-crash, the binary that tests kill at any step (never packed)
 *
 * A step whose inputs are unchanged is skipped; Cargo decides that for itself. `--dev` takes Cargo's dev profile: quick
 * to build, slow to run. KREPIS_CARGO_PROFILE=dev does so for every task that builds.
 */
import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { COMPILED } from './lib/packages.mjs';
import { digestOf, unlessDone } from './lib/stamp.mjs';
import { fail, onWorkspaceNode, root, run } from './setup.mjs';

onWorkspaceNode();

const PARTS = { packages, runner, cli, crash };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dev: { type: 'boolean', default: false } },
});
const dev = values.dev || process.env.KREPIS_CARGO_PROFILE === 'dev';
const unknown = positionals.find((part) => !(part in PARTS));
if (unknown !== undefined) fail(`there is no part \`${unknown}\`; parts: ${Object.keys(PARTS).join(', ')}`, 2);
for (const part of positionals.length > 0 ? positionals : Object.keys(PARTS)) await PARTS[part]();

async function packages() {
  const shared = ['tsconfig.base.json', 'pnpm-lock.yaml'];
  for (const folder of COMPILED) {
    const sources = ['src', 'package.json', 'tsconfig.build.json'].map((path) => `${folder}/${path}`);
    await unlessDone(
      `tsc ${folder}`,
      { digest: digestOf([...sources, ...shared]), outputs: [`${folder}/dist`] },
      () => {
        rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
        run('tsc', ['-p', `${folder}/tsconfig.build.json`]);
      },
    );
  }
}

async function runner() {
  const inputs = [
    'libs/runner',
    'libs/generator',
    'libs/plugin',
    'libs/proto/ts',
    'libs/proto/package.json',
    'pnpm-lock.yaml',
  ];
  const digest = digestOf(inputs, { accept: (path) => !/\.test\.ts$|[/\\]fixtures[/\\]/.test(path) });
  await unlessDone('bundle dist/runner', { digest, outputs: ['dist/runner/main.cjs'] }, () => {
    run('node', ['libs/runner/bundle.mjs', '--clean'], { stdio: ['ignore', 'ignore', 'inherit'] });
  });
}

function cli() {
  cargo(['build', '--package', 'krepis-cli', '--bin', 'krepis', ...(dev ? [] : ['--release'])]);
  install(dev ? 'debug' : 'release', 'krepis');
}

function crash() {
  cargo(['build', '--package', 'krepis-cli', '--bin', 'krepis-crash', '--features', 'failpoints']);
  install('debug', 'krepis-crash');
}

function cargo(args) {
  run('cargo', [...args, '--locked', '--quiet']);
}

/** Puts a binary into dist/bin in one step: one that is running keeps its file. */
function install(profile, name) {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  const folder = join(root, 'dist', 'bin');
  const temporary = join(folder, `.${file}-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), profile, file), temporary);
  renameSync(temporary, join(folder, file));
}
