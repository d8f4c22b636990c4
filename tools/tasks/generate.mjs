/**
 * `npm run generate`: everything in the repository that is made from something else.
 * `npm run generate -- --check` changes nothing and fails, naming the files, if something is out of sync.
 *
 * Made: libs/proto/{src,ts}/gen from proto/ (buf, prost, ts-proto), docs/reference/errors.md from the error tables.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fail, onWorkspaceNode, root, run } from './setup.mjs';

onWorkspaceNode();

const check = process.argv.includes('--check');
const GENERATED = ['libs/proto/src/gen', 'libs/proto/ts/gen'];
const ERRORS = 'docs/reference/errors.md';

run('buf', ['lint']);
breaking();
if (check) {
  const stale = [...staleMessages(), ...(await staleErrors())];
  if (stale.length > 0) {
    fail(`Out of sync with their source:\n${stale.map((file) => `  ${file}`).join('\n')}\nRun \`npm run generate\`.`);
  }
  console.log('Generated code is in sync.');
} else {
  run('buf', ['generate']);
  mkdirSync(dirname(join(root, ERRORS)), { recursive: true });
  writeFileSync(join(root, ERRORS), await errorsReference());
}

function breaking() {
  const base = mergeBase();
  if (!base) return console.log('buf breaking: no base.');
  const has = spawnSync('git', ['cat-file', '-e', `${base}:buf.yaml`], { cwd: root });
  if (has.status !== 0) return console.log(`buf breaking: no messages at ${base.slice(0, 12)}.`);
  run('buf', ['breaking', '--against', `.git#ref=${base}`]);
}

/** $NX_BASE, else the merge base with main, else HEAD~1, else none (CONTRACTS, "Workspace and set-up"). */
function mergeBase() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  const head = git('rev-parse', 'HEAD').stdout.trim();
  if (process.env.NX_BASE) return git('rev-parse', '--verify', '-q', process.env.NX_BASE).stdout.trim() || undefined;
  for (const main of ['origin/main', 'main']) {
    const base = git('merge-base', 'HEAD', main).stdout.trim();
    if (base && base !== head) return base;
  }
  return git('rev-parse', '--verify', '-q', 'HEAD~1').stdout.trim() || undefined;
}

function staleMessages() {
  const scratch = mkdtempSync(join(tmpdir(), 'krepis-generate-'));
  try {
    run('buf', ['generate', '-o', scratch]);
    return GENERATED.flatMap((folder) => differences(join(scratch, folder), join(root, folder)));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function differences(fresh, committed) {
  const names = new Set([...files(fresh), ...files(committed)]);
  const read = (folder, name) => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {
      return undefined;
    }
  };
  return [...names]
    .filter((name) => read(fresh, name) !== read(committed, name))
    .map((name) => relative(root, join(committed, name)));
}

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

async function staleErrors() {
  const fresh = await errorsReference();
  return readFileSync(join(root, ERRORS), 'utf8') === fresh ? [] : [ERRORS];
}

/** The tables of the Rust crates come from `krepis errors`, those of the TypeScript packages from their `errors.ts`. */
async function errorsReference() {
  const rust = run('cargo', ['run', '--quiet', '--package', 'krepis-cli', '--bin', 'krepis', '--', 'errors'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  }).stdout;
  const rows = [];
  for (const source of [
    'apps/cli/npm/lib/errors.cjs',
    'libs/plugin/src/errors.ts',
    'libs/runner/src/errors.ts',
    'libs/generator/src/errors.ts',
    'tools/nx/src/errors.ts',
    'libs/core/src/errors.ts',
  ]) {
    const module = await import(join(root, source));
    const errors = module.errors ?? module.default;
    for (const { code, exit, message, title } of Object.values(errors)) {
      rows.push(`| ${code} | ${exit ?? '-'} | ${title ?? message} |`);
    }
  }
  return `${rust}${rows.sort().join('\n')}\n`;
}
