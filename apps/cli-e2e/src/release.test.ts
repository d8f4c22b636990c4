/** `nx release` in real workspaces: every manifest and lock file in lock step, and package managers agree afterwards. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { environment, type Outcome, ok, repository, start } from './krepis.ts';
import { commit, read, status, typed } from './nx.ts';
import { type CargoRegistry, cargoRegistry } from './registry.ts';
import { removeTemporary, temporary, write } from './workspace.ts';

afterAll(removeTemporary);

const bin = join(repository, 'node_modules', '.bin');
const pnpm = (root: string, ...args: string[]) => ok(join(bin, 'pnpm'), [...args, '--offline'], root);
/** With dependencies: only then does Cargo look at its lock file. */
const metadata = (root: string) => ok('cargo', ['metadata', '--locked', '--offline', '--format-version=1'], root);

type Manager = 'pnpm' | 'npm';

/** Installs by the lock file as it is; no registry can be reached. */
function frozen(root: string, manager: Manager): void {
  if (manager === 'pnpm') pnpm(root, 'install', '--frozen-lockfile');
  else ok('npm', ['ci', '--offline', '--no-audit', '--no-fund'], root);
}

/** The packed plugin, as `npm publish` would send it; from it the workspaces take `@krepis/nx/release`. */
let packed: string;

beforeAll(() => {
  const source = join(repository, 'tools', 'nx');
  if (!existsSync(join(source, 'dist', 'release')))
    throw new Error('tools/nx/dist is missing: run `npm run build` first');
  const folder = temporary();
  const [tarball] = ok('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], source)
    .stdout.trim()
    .split('\n');
  ok('tar', ['xzf', tarball ?? ''], folder);
  packed = join(folder, 'package');
});

/** Gives a workspace the packed plugin and this repository's Nx, beside what its package manager installed. */
function installTools(root: string): void {
  const modules = join(root, 'node_modules');
  mkdirSync(join(modules, '@krepis'), { recursive: true });
  mkdirSync(join(modules, '@nx'), { recursive: true });
  const link = (target: string, path: string) => {
    rmSync(join(modules, path), { recursive: true, force: true });
    symlinkSync(target, join(modules, path));
  };
  link(join(repository, 'node_modules', 'nx'), 'nx');
  for (const name of ['devkit', 'js']) link(join(repository, 'node_modules', '@nx', name), `@nx/${name}`);
  // Node looks for what the plugin needs beside it.
  rmSync(join(modules, '@krepis/nx'), { recursive: true, force: true });
  cpSync(packed, join(modules, '@krepis/nx'), { recursive: true });
  symlinkSync(join(repository, 'tools', 'nx', 'node_modules'), join(modules, '@krepis/nx/node_modules'));
}

function nx(root: string, line: string): Outcome {
  return typed(root, `node node_modules/nx/dist/bin/nx.js ${line}`, {
    NX_CACHE_DIRECTORY: join(root, '.nx/cache'),
    NX_WORKSPACE_DATA_DIRECTORY: join(root, '.nx/workspace-data'),
    CARGO_NET_OFFLINE: 'true',
  });
}

function nxOk(root: string, line: string): Outcome {
  const outcome = nx(root, line);
  if (outcome.code !== 0) throw new Error(`nx ${line}: exit ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`);
  return outcome;
}

/** The files a dry run says it would change. */
const announced = ({ stdout, stderr }: Outcome) =>
  [...`${stdout}\n${stderr}`.matchAll(/^UPDATE (\S+) \[dry-run\]/gm)].map(([, path]) => path).sort();

const changedFiles = (root: string) =>
  ok('git', ['diff', '--name-only', 'HEAD'], root).stdout.trim().split('\n').sort();

/** Every changed file differs from HEAD in the characters of the version alone. */
function expectOnlyVersions(root: string, from: string, to: string): void {
  const files = changedFiles(root);
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    const before = ok('git', ['show', `HEAD:${file}`], root).stdout;
    const after = read(root, file);
    const blanked = (text: string) => text.replaceAll(to, '@').replaceAll(from, '@');
    expect(`${file}: ${blanked(after)}`).toBe(`${file}: ${blanked(before)}`);
  }
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** Crates, an addon with per-platform packages, npm packages; written in forms that a serialiser would not keep. */
function files(manager: Manager): Record<string, string> {
  const own = (range: string) => (manager === 'pnpm' ? `workspace:${range}` : range === '*' ? '0.1.0' : range);
  return {
    '.gitignore': 'node_modules\n.nx\ntarget\n',
    'nx.json': json({
      plugins: ['@krepis/nx'],
      analytics: false,
      neverConnectToCloud: true,
      release: {
        projects: ['*'],
        projectsRelationship: 'fixed',
        version: {
          versionActions: '@krepis/nx/release',
          versionActionsOptions: { versions: ['package.json'], references: ['examples/*/package.json'] },
        },
      },
    }),
    'Cargo.toml': `# The workspace
[workspace]
resolver = "3"
members = ["crates/*", "libs/addon"]

[workspace.package]
version = '0.1.0'    # one for all
edition = "2024"

[workspace.dependencies]
lock-core = { path = "crates/core", version = "0.1.0" }
`,
    'crates/core/Cargo.toml': '[package]\nname = "lock-core"\nversion.workspace = true\nedition.workspace = true\n',
    'crates/core/src/lib.rs': '',
    'crates/cli/Cargo.toml': `[package]
name="lock-cli"
version={workspace=true}
edition.workspace=true

[dependencies]
lock-core.workspace = true
renamed = { package = "lock-own", path = "../own", version = "=0.1.0" }

[target.'cfg(unix)'.dev-dependencies]
renamed = { version = "^0.1.0", path = "../own", package = "lock-own" }
`,
    'crates/cli/src/main.rs': 'fn main() {}\n',
    'crates/own/Cargo.toml':
      '[package]\r\nname = "lock-own"\r\nversion = "0.1.0"\r\nedition.workspace = true\r\npublish = false\r\n',
    'crates/own/src/lib.rs': '',
    'libs/addon/Cargo.toml': `[package]
name = "lock-addon"
version.workspace = true
edition.workspace = true

[lib]
crate-type = ["cdylib"]

[dependencies]
lock-core = { path = "../../crates/core", version = "~0.1.0" }
`,
    'libs/addon/src/lib.rs': '',
    'libs/addon/package.json': `{
    "name": "@lock/addon",
    "version": "0.1.0",
    "napi": { "binaryName": "addon", "targets": ["x86_64-unknown-linux-gnu", "aarch64-apple-darwin"] },
    "optionalDependencies": {
        "@lock/addon-linux-x64-gnu": "${own('*')}", "@lock/addon-darwin-arm64": "${own('^0.1.0')}"
    }
}`,
    'libs/addon/npm/linux-x64-gnu/package.json': json({ name: '@lock/addon-linux-x64-gnu', version: '0.1.0' }),
    'libs/addon/npm/darwin-arm64/package.json': json({ name: '@lock/addon-darwin-arm64', version: '0.1.0' }),
    'libs/web/package.json': `{"name":"@lock/web","version":"0.1.0","private":true,"dependencies":{"@lock/addon":"${own('^0.1.0')}"}}\n`,
    'libs/ui/package.json': json({
      name: '@lock/ui',
      version: '0.1.0',
      dependencies: { '@lock/web': own('~0.1.0') },
      peerDependencies: { '@lock/addon': '^0.1.0' },
    }),
    'examples/shop/package.json': json({ name: 'shop', version: '1.0.0', dependencies: { '@lock/ui': '^0.1.0' } }),
    'package.json': json({
      name: 'lock',
      version: '0.1.0',
      private: true,
      workspaces: manager === 'npm' ? ['libs/*', 'libs/addon/npm/*'] : undefined,
      devDependencies: { '@lock/ui': own('*') },
    }),
    ...(manager === 'pnpm'
      ? { 'pnpm-workspace.yaml': 'packages:\n  - libs/*\n  - libs/addon/npm/*\nlinkWorkspacePackages: true\n' }
      : {}),
  };
}

const MANIFESTS = [
  'Cargo.lock',
  'Cargo.toml',
  'crates/cli/Cargo.toml',
  'crates/own/Cargo.toml',
  'examples/shop/package.json',
  'libs/addon/Cargo.toml',
  'libs/addon/npm/darwin-arm64/package.json',
  'libs/addon/npm/linux-x64-gnu/package.json',
  'libs/addon/package.json',
  'libs/ui/package.json',
  'libs/web/package.json',
  'package.json',
];
const lockOf = { pnpm: 'pnpm-lock.yaml', npm: 'package-lock.json' } as const;

/** An installed, committed workspace; made once for each package manager, then copied. */
function workspace(manager: Manager): string {
  const root = join(temporary(), 'lock');
  write(root, files(manager));
  if (manager === 'pnpm') pnpm(root, 'install');
  else ok('npm', ['install', '--offline', '--no-audit', '--no-fund'], root);
  ok('cargo', ['generate-lockfile', '--offline'], root);
  installTools(root);
  commit(root);
  return root;
}

describe.each<Manager>(['pnpm', 'npm'])('a workspace of crates, an addon and packages, with %s', (manager) => {
  let root: string;

  beforeAll(() => {
    root = workspace(manager);
  });

  test('the dry run shows every file and writes none', () => {
    expect(announced(nxOk(root, 'release version minor --dry-run'))).toEqual([...MANIFESTS, lockOf[manager]].sort());
    expect(status(root)).toBe('');
  });

  test('the same files change, in the characters of the version alone, and Cargo and the package manager agree', () => {
    nxOk(root, 'release version 0.2.0');
    expect(changedFiles(root)).toEqual([...MANIFESTS, lockOf[manager]].sort());
    expectOnlyVersions(root, '0.1.0', '0.2.0');
    const { packages } = JSON.parse(metadata(root).stdout) as { packages: { version: string }[] };
    expect(packages.map(({ version }) => version)).toEqual(['0.2.0', '0.2.0', '0.2.0', '0.2.0']);
    frozen(root, manager);
    installTools(root);
    expectOnlyVersions(root, '0.1.0', '0.2.0');
    commit(root);
  });

  test('a pre-release is written out wherever the version stands', () => {
    nxOk(root, 'release version prerelease --preid rc');
    expectOnlyVersions(root, '0.2.0', '0.2.1-rc.0');
    metadata(root);
    frozen(root, manager);
    installTools(root);
    commit(root);
  });

  test('versions that disagree are listed with their files; the exact version brings them to one', () => {
    const file = 'libs/web/package.json';
    writeFileSync(join(root, file), read(root, file).replace('"version":"0.2.1-rc.0"', '"version":"0.1.9"'));
    commit(root);
    const { code, stdout, stderr } = nx(root, 'release version patch');
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(/KRP7040[\s\S]*0\.1\.9 {7}libs\/web\/package\.json/);
    expect(stdout + stderr).toMatch(/0\.2\.1-rc\.0 {2}libs\/ui\/package\.json/);
    expect(status(root)).toBe('');
    nxOk(root, 'release version 0.3.0');
    expect(read(root, file)).toContain('"version":"0.3.0"');
    metadata(root);
  });
});

test('a release by conventional commits: from the tag, committed, tagged, with a change log', () => {
  const root = workspace('pnpm');
  const config = JSON.parse(read(root, 'nx.json')) as { release: { version: object; changelog?: unknown } };
  config.release.version = {
    ...config.release.version,
    conventionalCommits: true,
    adjustSemverBumpsForZeroMajorVersion: false,
  };
  write(root, { 'nx.json': json({ ...config }) });
  commit(root);
  ok('git', ['tag', 'v0.1.0'], root);
  writeFileSync(join(root, 'crates/core/src/lib.rs'), '//! Core.\n');
  ok('git', ['config', 'user.name', 't'], root);
  ok('git', ['config', 'user.email', 't@example.invalid'], root);
  ok('git', ['commit', '-qam', 'feat: a feature'], root);

  nxOk(root, 'release --skip-publish');
  expect(ok('git', ['tag', '--points-at', 'HEAD'], root).stdout.trim()).toBe('v0.2.0');
  expect(status(root)).toBe('');
  expect(read(root, 'CHANGELOG.md')).toContain('a feature');
  expect(ok('git', ['diff', '--name-only', 'HEAD~1'], root).stdout.trim().split('\n').sort()).toEqual(
    ['CHANGELOG.md', ...MANIFESTS, lockOf.pnpm].sort(),
  );
  metadata(root);
});

describe('nx release publish', () => {
  const crate = (name: string, rest: string) =>
    `[package]\nname = "${name}"\nversion.workspace = true\nedition = "2024"\ndescription = "x"\nlicense = "MIT"\n${rest}`;
  let registry: CargoRegistry;
  let root: string;

  beforeAll(async () => {
    registry = await cargoRegistry();
    root = join(temporary(), 'crates');
    write(root, {
      ...files('pnpm'),
      '.cargo/config.toml': `[registries.loop]
index = "${registry.index}"
[source.loop]
registry = "${registry.index}"
[source.crates-io]
replace-with = "loop"
`,
      'nx.json': json({
        plugins: ['@krepis/nx'],
        analytics: false,
        neverConnectToCloud: true,
        targetDefaults: { 'nx-release-publish': { options: { cargoRegistry: 'loop' } } },
        release: { projects: ['*'], version: { versionActions: '@krepis/nx/release' } },
      }),
      'Cargo.toml': '[workspace]\nresolver = "3"\nmembers = ["crates/*"]\n[workspace.package]\nversion = "0.1.0"\n',
      'crates/core/Cargo.toml': crate('lock-core', ''),
      'crates/own/Cargo.toml': crate('lock-own', 'publish = false\n[dependencies]\nlock-core = { path = "../core" }\n'),
      'crates/cli/Cargo.toml': crate(
        'lock-cli',
        '[dependencies]\nlock-core = { path = "../core", version = "0.1.0" }\n',
      ),
    });
    rmSync(join(root, 'libs'), { recursive: true });
    rmSync(join(root, 'pnpm-workspace.yaml'));
    write(root, { 'package.json': json({ name: 'crates', private: true }) });
    mkdirSync(join(root, 'node_modules'));
    installTools(root);
    commit(root);
  });

  afterAll(() => registry.close());

  const publish = (...args: string[]) =>
    start('node', ['node_modules/nx/dist/bin/nx.js', 'release', 'publish', ...args], {
      cwd: root,
      env: environment({
        CARGO_REGISTRIES_LOOP_TOKEN: 'token',
        CARGO_TARGET_DIR: join(root, 'target'),
        NX_WORKSPACE_DATA_DIRECTORY: join(root, '.nx/workspace-data'),
      }),
    });

  test('a dry run packages and verifies, and uploads nothing', async () => {
    const { code, stdout, stderr } = await publish('--dry-run');
    expect(`${code} ${stdout}${stderr}`).toMatch(/^0 [\s\S]*aborting upload due to dry run/);
    expect(registry.uploads).toEqual([]);
  });

  test('publishable crates go out, those that others need first; a second run finds them there', async () => {
    const first = await publish();
    expect(`${first.code} ${first.stdout}${first.stderr}`).toMatch(/^0 /);
    expect(registry.uploads).toEqual(['lock-core@0.1.0', 'lock-cli@0.1.0']);
    const second = await publish();
    expect(`${second.code} ${second.stdout}`).toMatch(/^0 [\s\S]*Skipped lock-core: this version is published/);
    expect(registry.uploads).toHaveLength(2);
  });
});

test('this repository: all manifests in lock step, and Cargo and pnpm agree', () => {
  const root = join(temporary(), 'krepis');
  const tracked = ok('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], repository).stdout;
  for (const file of tracked.split('\0')) {
    if (file === '' || !existsSync(join(repository, file))) continue;
    mkdirSync(dirname(join(root, file)), { recursive: true });
    cpSync(join(repository, file), join(root, file), { verbatimSymlinks: true });
  }
  commit(root);
  pnpm(root, 'install', '--frozen-lockfile', '--ignore-scripts');

  const current = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
  const packages = [...read(root, 'pnpm-workspace.yaml').matchAll(/^ {2}- ([\w/.-]+)$/gm)].map(([, path]) => path);
  expect(packages.length).toBeGreaterThan(5);
  const expected = [
    'Cargo.lock',
    'Cargo.toml',
    'examples/shop/package.json',
    'package.json',
    ...packages.map((folder) => `${folder}/package.json`),
  ].sort();

  expect(announced(nxOk(root, 'release version 7.8.9 --dry-run'))).toEqual(expected);
  expect(status(root)).toBe('');
  nxOk(root, 'release version 7.8.9');
  expect(changedFiles(root)).toEqual(expected);
  expectOnlyVersions(root, current, '7.8.9');
  // Crates of other platforms, which nothing here has built.
  ok('cargo', ['fetch', '--locked', '--quiet'], repository);
  metadata(root);
  pnpm(root, 'install', '--frozen-lockfile', '--ignore-scripts');
  expect(changedFiles(root)).toEqual(expected);
});
