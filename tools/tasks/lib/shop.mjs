/** Installed, committed copies of examples/shop. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fail, root } from '../setup.mjs';
import { kept } from './kept.mjs';
import { packedPackages } from './pack.mjs';
import { digestOf } from './stamp.mjs';

/**
 * The installed template for the sources as they are: made if this is the first time.
 *
 * @returns {string} its folder; not to be written to
 */
export function shopTemplate() {
  const packages = packedPackages();
  const recipe = digestOf(['examples/shop', 'tools/tasks/lib/shop.mjs']);
  const digest = createHash('sha256').update(packages.digest).update(recipe).digest('hex');
  return kept('shop', digest, (making) => {
    copySources(making);
    useTarballs(making, packages.files);
    tool('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], making);
    anchorLockFile(making);
    commit(making);
  });
}

/**
 * Copies a template. node_modules is hard-linked where that works, so a copy takes a moment; nobody edits in place there.
 *
 * @param {string} template
 * @param {string} directory - absolute path; made if missing
 */
export function copyTemplate(template, directory) {
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(template)) {
    const [from, to] = [join(template, name), join(directory, name)];
    const linked =
      name === 'node_modules' && process.platform !== 'win32' && spawnSync('cp', ['-al', from, to]).status === 0;
    if (linked) continue;
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  }
}

/** What git would take: tracked files and new ones it does not ignore. */
function copySources(target) {
  const source = join(root, 'examples', 'shop');
  if (!existsSync(join(source, 'package.json'))) fail('examples/shop/package.json is missing');
  const listed = tool('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], source).split('\0');
  for (const path of listed.filter((path) => path !== '' && existsSync(join(source, path)))) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(source, path), join(target, path), { verbatimSymlinks: true });
  }
}

/** Every @krepis package becomes the `file:` path of its tarball; all of them are there, so none comes from a registry. */
function useTarballs(target, files) {
  const path = join(target, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  const versions = new Map(files.map((file) => [packageOf(file), `file:${file}`]));
  for (const table of [manifest.dependencies, manifest.devDependencies]) {
    for (const name of Object.keys(table ?? {}).filter((name) => name.startsWith('@krepis/'))) {
      const version = versions.get(name);
      if (version === undefined) fail(`examples/shop needs ${name}, which is not packed`);
      table[name] = version;
    }
  }
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
}

function packageOf(tarball) {
  const listed = spawnSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' });
  if (listed.status !== 0) fail(`${tarball} cannot be read: ${listed.stderr}`);
  return JSON.parse(listed.stdout).name;
}

/** npm writes paths relative to the folder it runs in; a copy lies elsewhere. */
function anchorLockFile(target) {
  const path = join(target, 'package-lock.json');
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  for (const entry of Object.values(lock.packages)) {
    if (entry.resolved?.startsWith('file:'))
      entry.resolved = `file:${resolve(target, entry.resolved.slice('file:'.length))}`;
  }
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
}

function commit(target) {
  const identity = ['-c', 'user.name=Krepis', '-c', 'user.email=krepis@example.invalid', '-c', 'commit.gpgsign=false'];
  tool('git', ['init', '--quiet', '--initial-branch=main'], target);
  tool('git', ['add', '--all'], target);
  tool('git', [...identity, 'commit', '--quiet', '--no-verify', '-m', 'The shop'], target);
  const status = tool('git', ['status', '--porcelain'], target);
  if (status !== '') fail(`the fresh copy is not clean:\n${status}`);
}

function tool(command, args, cwd) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(GIT_|npm_|INIT_CWD$)/.test(name)));
  const ended = spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (ended.error) fail(`cannot start ${command}: ${ended.error.message}`);
  if (ended.status !== 0)
    fail(`${command} ${args.join(' ')} ended with ${ended.status}:\n${ended.stdout}${ended.stderr}`);
  return ended.stdout;
}
