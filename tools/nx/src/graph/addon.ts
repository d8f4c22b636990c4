import { readdirSync } from 'node:fs';
import { posix } from 'node:path';
import type { ManifestReader } from './reader.ts';

/** The `napi` field of a package.json; version 3 of @napi-rs/cli says `binaryName`, version 2 says `name`. */
export interface NapiConfig {
  readonly binaryName?: string;
  readonly name?: string;
  readonly targets?: readonly string[];
}

/** How a package builds its Node-API addon. Paths are relative to the Nx root, with `/`. */
export interface AddonBuild {
  /** The npm script that is exactly one `napi build`; absent where none is. */
  readonly script?: string | undefined;
  /** The command line, run in the package's folder. */
  readonly command: string;
  /** Folder of the crate's Cargo.toml, or of the workspace that holds {@link crate}. */
  readonly manifestRoot: string;
  /** `--package`: the crate's name, where the manifest is that of a workspace. */
  readonly crate?: string | undefined;
  /** Files it leaves: the `.node` of this platform, the JavaScript binding, the type declarations. */
  readonly outputs: readonly string[];
}

/**
 * Reads how a package's addon is built: from its scripts, else from the `napi` field with a Cargo.toml beside it.
 *
 * @see https://napi.rs/docs/cli/build
 */
export function addonBuild(
  root: string,
  config: NapiConfig | undefined,
  scripts: Readonly<Record<string, string>>,
  reader: ManifestReader,
): AddonBuild | undefined {
  const found: { script?: string; name: string; call: NapiCall }[] = [];
  for (const [name, script] of Object.entries(scripts)) {
    const parts = script.split(/\s*(?:&&|;|\|\|)\s*/);
    for (const part of parts) {
      const call = napiCall(part);
      if (!call || call.flags.watch || call.flags.target?.startsWith('wasm')) continue;
      // Scripts that run before and after may move what it leaves.
      const alone = parts.length === 1 && call.whole && !(`pre${name}` in scripts) && !(`post${name}` in scripts);
      found.push({ name, call, ...(alone ? { script: name } : {}) });
    }
  }
  // The build that others wait for: the script of that name or one that it runs, else the first that is nothing but this
  // build.
  const best =
    ['build', ...called(scripts.build ?? '')].flatMap((name) => found.find(({ script }) => script === name) ?? [])[0] ??
    found.find(({ script }) => script !== undefined) ??
    found[0];
  if (best) return describe(root, config, best.call, best.script, reader);
  if (!config || !reader.exists(join(root, 'Cargo.toml'))) return undefined;
  return describe(
    root,
    config,
    { command: 'napi build --platform', whole: true, flags: { platform: true } },
    undefined,
    reader,
  );
}

/** Words by which a script may run others: `npm run NAME`, `pnpm NAME`, `yarn run NAME`. */
function called(script: string): string[] {
  return [...script.matchAll(CALLED)].flatMap(([, name]) => name ?? []);
}

const CALLED = /(?<![\w-])(?:(?:npm|bun) run|npm run-script|(?:pnpm|yarn)(?: run)?)\s+(?:-\S+\s+)*([\w.:-]+)/g;

interface NapiCall {
  readonly command: string;
  /** False with something before `napi`, for example variables: then the script is run, never the command alone. */
  readonly whole: boolean;
  readonly flags: NapiFlags;
}

interface NapiFlags {
  readonly platform?: boolean;
  readonly watch?: boolean;
  readonly noJs?: boolean;
  readonly target?: string;
  readonly cwd?: string;
  /** Version 2: the folder cargo runs in; the results stay with the package. */
  readonly cargoCwd?: string;
  readonly manifestPath?: string;
  readonly outputDir?: string;
  readonly package?: string;
  readonly js?: string;
  readonly dts?: string;
  /** Where the command has no `--output-dir`: version 2 takes the folder as its argument. */
  readonly positional?: string;
}

const RUNNERS = String.raw`(?:(?:npx|bunx|pnpm(?: exec)?|yarn(?: run)?|npm exec(?: --)?)\s+)?`;
const CALL = new RegExp(
  String.raw`^(?<before>(?:(?:cross-env\s+)?[A-Za-z_]\w*=\S*\s+)*)${RUNNERS}napi\s+build\b(?<rest>.*)$`,
);
const VALUES: Readonly<Record<string, keyof NapiFlags>> = {
  '--target': 'target',
  '-t': 'target',
  '--cwd': 'cwd',
  '--cargo-cwd': 'cargoCwd',
  '--manifest-path': 'manifestPath',
  '--output-dir': 'outputDir',
  '-o': 'outputDir',
  '--package': 'package',
  '-p': 'package',
  '--cargo-name': 'package',
  '--js': 'js',
  '--js-binding': 'js',
  '--dts': 'dts',
};
const OTHER_VALUES = new Set([
  '--target-dir',
  '--features',
  '-F',
  '--profile',
  '--bin',
  '--config-path',
  '-c',
  '--cargo-flags',
  '--js-package-name',
  '--dts-header',
  '--format',
  '--package-json-path',
  '--pipe',
  '--config',
]);

function napiCall(text: string): NapiCall | undefined {
  const match = CALL.exec(text.trim());
  if (!match?.groups) return undefined;
  const words = (match.groups.rest ?? '').match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const flags: Record<string, string | boolean> = {};
  for (let index = 0; index < words.length; index += 1) {
    const [flag = '', inline] = split(words[index] ?? '');
    const key = VALUES[flag];
    if (key) {
      flags[key] = unquote(inline ?? words[++index] ?? '');
    } else if (OTHER_VALUES.has(flag)) {
      if (inline === undefined) index += 1;
    } else if (flag === '--') {
      break;
    } else if (flag === '--platform') flags.platform = true;
    else if (flag === '--watch' || flag === '-w') flags.watch = true;
    else if (flag === '--no-js') flags.noJs = true;
    else if (!flag.startsWith('-')) flags.positional = unquote(flag);
  }
  return { command: text.trim(), whole: match.groups.before === '', flags: flags as NapiFlags };
}

function split(word: string): [string, string | undefined] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function unquote(word: string): string {
  return word.replace(/^(["'])(.*)\1$/, '$2');
}

function describe(
  root: string,
  config: NapiConfig | undefined,
  { command, flags }: NapiCall,
  script: string | undefined,
  reader: ManifestReader,
): AddonBuild {
  const cwd = posix.join(root, flags.cwd ?? '.').replace(/\/$/, '');
  const manifestRoot = flags.manifestPath
    ? posix.dirname(posix.join(cwd, flags.manifestPath))
    : nearestManifest(posix.join(cwd, flags.cargoCwd ?? '.').replace(/\/$/, ''), reader);
  // Version 3 writes beside the crate, version 2 into its argument or the folder it runs in.
  const version2 = flags.cargoCwd !== undefined || (config?.binaryName === undefined && config?.name !== undefined);
  const output = posix
    .join(
      flags.outputDir || flags.positional ? cwd : version2 ? cwd : manifestRoot,
      flags.outputDir ?? flags.positional ?? '.',
    )
    .replace(/\/$/, '');
  const binary = config?.binaryName ?? config?.name ?? 'index';
  const suffix = flags.platform ? `.${platformSuffix(flags.target)}` : '';
  const js = flags.noJs || flags.js === 'false' || !flags.platform ? undefined : (flags.js ?? 'index.js');
  return {
    script,
    command,
    manifestRoot,
    crate: flags.package,
    outputs: [
      join(output, `${binary}${suffix}.node`),
      ...(js === undefined ? [] : [posix.join(output, js)]),
      posix.join(output, flags.dts ?? 'index.d.ts'),
    ],
  };
}

function nearestManifest(folder: string, reader: ManifestReader): string {
  for (let at = folder; ; at = posix.dirname(at)) {
    if (at === '.' || at.startsWith('..') || reader.exists(join(at, 'Cargo.toml'))) return at;
  }
}

/**
 * The part of an addon's file name that names its platform: `linux-x64-gnu`, `darwin-arm64`, `win32-x64-msvc`.
 *
 * @param target a Rust target triple; without it, that of this machine
 */
export function platformSuffix(target?: string): string {
  if (target === undefined) {
    const libc = { linux: musl() ? '-musl' : '-gnu', win32: '-msvc' }[process.platform as string] ?? '';
    return `${process.platform}-${process.arch}${process.arch === 'arm' && libc ? `${libc}eabihf` : libc}`;
  }
  const [cpu = '', ...rest] = target.split('-');
  const system = rest.length > 2 || /^(?:apple|pc|unknown)$/.test(rest[0] ?? '') ? rest.slice(1) : rest;
  const platform = { darwin: 'darwin', windows: 'win32' }[system[0] ?? ''] ?? system[0] ?? '';
  const arch =
    { x86_64: 'x64', aarch64: 'arm64', i686: 'ia32', armv7: 'arm', powerpc64le: 'ppc64', riscv64gc: 'riscv64' }[cpu] ??
    cpu;
  return [platform, arch, system[1]].filter((part) => part !== undefined && part !== '').join('-');
}

let libcIsMusl: boolean | undefined;

/** Whether this Linux has musl: what `ldd` is says it, and costs less than Node's own report (13 ms measured). */
function musl(): boolean {
  if (process.platform !== 'linux') return false;
  libcIsMusl ??= readdirSync('/lib').some((name) => name.startsWith('ld-musl-'));
  return libcIsMusl;
}

function join(root: string, path: string): string {
  return root === '.' ? path : `${root}/${path}`;
}
