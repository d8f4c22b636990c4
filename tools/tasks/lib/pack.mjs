/** Turns the built packages into tarballs. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fail, root } from '../setup.mjs';
import { kept } from './kept.mjs';
import { manifestOf, PUBLISHED, platformPackage, publishedManifest, tarballName } from './packages.mjs';
import { digestOf } from './stamp.mjs';

const BINARY = process.platform === 'win32' ? 'krepis.exe' : 'krepis';

/**
 * Writes all packages into `directory`; the same sources give the same bytes.
 *
 * @param {string} directory - absolute path; made if missing
 * @param {{ publishable?: boolean, home?: string }} [options] - `publishable`: name each other by version instead of by
 *   `file:` path; `home`: the folder those paths lead to, where the tarballs will be moved
 * @returns {string[]} absolute paths of the tarballs, in `home`
 */
export function pack(directory, { publishable = false, home = directory } = {}) {
  mkdirSync(directory, { recursive: true });
  const manifests = new Map(PUBLISHED.map((folder) => [folder, manifestOf(folder)]));
  const platform = platformPackage(manifests.get('apps/cli/npm').version);
  const all = [...manifests.values(), platform];
  const specify = (name) => {
    const found = all.find((manifest) => manifest.name === name);
    if (found === undefined) return undefined;
    return publishable ? found.version : `file:${join(home, tarballName(found))}`;
  };
  const staging = mkdtempSync(join(tmpdir(), 'krepis-pack-'));
  try {
    const stages = [...manifests].map(([folder, manifest]) => {
      const optional = manifest.name === '@krepis/cli' ? { [platform.name]: platform.version } : {};
      return stage(staging, folder, publishedManifest(manifest, specify, optional));
    });
    stages.push(stagePlatform(staging, platform));
    const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory, ...stages];
    const packed = spawnSync('npm', args, { cwd: staging, encoding: 'utf8' });
    if (packed.status !== 0) fail(`npm pack ended with ${packed.status}: ${packed.stderr}`);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return all.map((manifest) => join(home, tarballName(manifest)));
}

/**
 * The tarballs of this build, kept under node_modules/.cache.
 *
 * @returns {{ digest: string, files: string[] }} `digest` of all that went into them, and absolute paths
 */
export function packedPackages() {
  const digest = packDigest();
  const folder = kept('packages', digest, (making, home) => pack(making, { home }));
  return { digest, files: readdirSync(folder).map((name) => join(folder, name)) };
}

/** Digest of all that goes into the tarballs. */
function packDigest() {
  return digestOf([
    ...PUBLISHED.flatMap((folder) => [
      `${folder}/package.json`,
      ...shippedFiles(folder, manifestOf(folder)).map(({ from }) => from),
    ]),
    `dist/bin/${BINARY}`,
    'tools/tasks/lib/pack.mjs',
    'tools/tasks/lib/packages.mjs',
  ]);
}

/** What a package ships: `files` of its package.json, globs left to npm; the runner lies elsewhere in this repository. */
function shippedFiles(folder, manifest) {
  return manifest.files.map((name) => {
    const plain = name.split('/*')[0];
    return { from: name === 'runner' ? 'dist/runner' : `${folder}/${plain}`, to: plain };
  });
}

function stage(staging, folder, manifest) {
  const target = join(staging, manifest.name.replace('/', '-'));
  mkdirSync(target);
  for (const { from, to } of shippedFiles(folder, manifest)) {
    if (!existsSync(join(root, from))) fail(`${from} is missing: run \`npm run build\` first`);
    mkdirSync(dirname(join(target, to)), { recursive: true });
    cpSync(join(root, from), join(target, to), { recursive: true });
  }
  writeManifest(target, manifest);
  return target;
}

function stagePlatform(staging, manifest) {
  const target = join(staging, manifest.name.replace('/', '-'));
  const binary = join(target, 'bin', BINARY);
  if (!existsSync(join(root, 'dist', 'bin', BINARY)))
    fail(`dist/bin/${BINARY} is missing: run \`npm run build\` first`);
  mkdirSync(dirname(binary), { recursive: true });
  cpSync(join(root, 'dist', 'bin', BINARY), binary);
  chmodSync(binary, 0o755);
  writeManifest(target, manifest);
  return target;
}

function writeManifest(folder, manifest) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const license = join(root, 'LICENSE');
  if (existsSync(license)) writeFileSync(join(folder, 'LICENSE'), readFileSync(license));
}
