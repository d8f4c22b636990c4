/**
 * `npm start`: sets everything up and does the main job on real input, in a fresh copy of examples/shop.
 *
 * Each step prints what it runs and what came out, and ends the program with 1 if that is not as it should be.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fail, onWorkspaceNode, root, run } from './setup.mjs';

onWorkspaceNode();

const shop = join(root, 'dist', 'demo', 'shop');
let steps = 0;

heading('Set up: build krepis, and a fresh copy of examples/shop');
run('node', ['tools/tasks/build.mjs']);
rmSync(shop, { recursive: true, force: true });
mkdirSync(join(shop, '..'), { recursive: true });
run('node', ['tools/tasks/shop.mjs', shop]);
expect(git('status', '--porcelain') === '', 'the copy is clean');
const before = snapshot();

heading('Generate a service by Nx');
shell('npx nx g @krepis:service billing');
expect(git('status', '--porcelain').includes('src/billing/'), 'files are created');

heading('Generate a method and a controller by the krepis CLI');
shell("npx krepis g method BillingService 'total(amounts: readonly number[]): number' --body -", {
  input: 'return amounts.reduce((sum, amount) => sum + amount, 0);\n',
});
shell('npx krepis g controller billing');

heading('What changed');
git('add', '-AN');
console.log(git('diff', '--stat'));
console.log(git('diff', 'src/app.module.ts', 'src/billing/billing.service.ts'));
git('reset', '-q');
shell('npx tsc --noEmit');
expect(/fail 0/.test(shell('npm test', { quiet: true })), "the shop's tests pass");

heading('A change that breaks the architecture is refused');
const tree = snapshot();
const domain = readdirSync(join(shop, 'src/orders/domain')).find((name) => /^[a-z-]+\.ts$/.test(name));
const adapter = readdirSync(join(shop, 'src/orders/infrastructure')).find(
  (name) => /^[a-z.-]+\.ts$/.test(name) && !name.includes('.test.'),
);
const target = `src/orders/domain/${domain}`;
const refused = shell('npx krepis apply -', {
  exit: 4,
  input: JSON.stringify({
    title: 'let the domain know the database',
    files: [
      {
        path: target,
        before: sha256(readFileSync(join(shop, target))),
        edits: [{ start: 0, end: 0, text: `import '../infrastructure/${adapter}';\n` }],
      },
    ],
  }),
});
expect(/KRP3\d{3}/.test(refused), 'the diagnostic has its code');
expect(same(tree, snapshot()), 'not a byte was written');

heading('The service answers over HTTP');
await serve(async (url) => {
  for (const path of ['/health/live', '/orders', '/billing']) {
    const response = await fetch(url + path);
    console.log(`GET ${path} -> ${response.status} ${await response.text()}`);
    expect(response.status === 200, `GET ${path} answers 200`);
  }
});

heading('The history');
shell('npx krepis history');

heading('Undo, three times');
const after = snapshot();
for (let count = 0; count < 3; count += 1) shell('npx krepis undo');
expect(git('status', '--porcelain') === '', 'git status is empty');
expect(same(before, snapshot()), `every byte of ${Object.keys(before).length} files and folders is back`);

heading('Redo, three times');
for (let count = 0; count < 3; count += 1) shell('npx krepis redo');
expect(same(after, snapshot()), 'every byte is as it was before the undo');

console.log(`\nDone: ${steps} checks held. The shop is in ${relative(process.cwd(), shop)}.`);

function heading(text) {
  console.log(`\n\u2500\u2500 ${text}`);
}

function expect(holds, what) {
  if (!holds) fail(`npm start: not as it should be: ${what}`);
  steps += 1;
  console.log(`\u2713 ${what}`);
}

/** Runs a command line in the shop, shows it and its output, and checks the exit code. */
function shell(command, { input = '', exit = 0, quiet = false } = {}) {
  console.log(`$ ${command}`);
  const result = spawnSync(command, { shell: true, cwd: shop, input, encoding: 'utf8', env: environment() });
  const output = result.stdout + result.stderr;
  if (!quiet || result.status !== exit) process.stdout.write(output);
  expect(result.status === exit, `exit code ${exit}`);
  return output;
}

function git(...args) {
  const result = spawnSync('git', args, { cwd: shop, encoding: 'utf8' });
  if (result.status !== 0) fail(`git ${args.join(' ')}: ${result.stderr}`);
  return result.stdout.trimEnd();
}

function environment() {
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true' };
  env.NX_CACHE_DIRECTORY = join(shop, '.nx', 'cache');
  env.NX_WORKSPACE_DATA_DIRECTORY = join(shop, '.nx', 'workspace-data');
  return env;
}

async function serve(visit) {
  console.log('$ PORT=0 npm start');
  const child = spawn('npm', ['start', '--silent'], {
    cwd: shop,
    env: { ...environment(), PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  try {
    const url = await new Promise((resolve, reject) => {
      let text = '';
      child.stdout.on('data', (chunk) => {
        text += chunk;
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text);
        if (found) resolve(found[0]);
      });
      child.once('close', (code) => reject(new Error(`the service ended with ${code}: ${text}`)));
    });
    await visit(url);
    const ended = new Promise((resolve) => child.once('close', resolve));
    process.kill(-child.pid, 'SIGTERM');
    await ended;
    expect(true, 'the service shut down on SIGTERM');
  } catch (error) {
    process.kill(-child.pid, 'SIGKILL');
    fail(`npm start: ${error.message}`);
  }
}

/** Path -> kind, mode and digest of everything in the shop but node_modules, .git, .nx and .krepis. */
function snapshot() {
  const found = {};
  const walk = (folder) => {
    for (const entry of readdirSync(folder).sort()) {
      if (['node_modules', '.git', '.nx', '.krepis'].includes(entry)) continue;
      const path = join(folder, entry);
      const stat = lstatSync(path);
      if (stat.isDirectory()) {
        found[relative(shop, path)] = 'directory';
        walk(path);
      } else {
        const content = stat.isSymbolicLink() ? readlinkSync(path) : readFileSync(path);
        found[relative(shop, path)] = `${stat.mode.toString(8)} ${sha256(content)}`;
      }
    }
  };
  walk(shop);
  return found;
}

function same(left, right) {
  return JSON.stringify(left) === JSON.stringify(right);
}

function sha256(content) {
  return createHash('sha256').update(content).digest('hex');
}
