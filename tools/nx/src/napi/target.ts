import { errors, KrepisError, type Place } from '../errors.ts';

/** One platform an addon is built for, with the names Node.js has for it. */
export interface Target {
  /** Rust target triple, for example `x86_64-unknown-linux-gnu`. */
  readonly triple: string;
  /** Name of its folder and end of its package's name, for example `linux-x64-gnu`. */
  readonly folder: string;
  /** `process.platform`. */
  readonly platform: string;
  /** `process.arch`; `universal` for both of macOS, `wasm32` for WebAssembly. */
  readonly arch: string;
  readonly abi: string | undefined;
}

/** Which major version of `@napi-rs/cli` a project uses: 3 knows more names than 2. */
export type CliMajor = 2 | 3;

/** What `napi` builds without a list of its own: `napi.triples.defaults`. */
export const DEFAULT_TARGETS: Readonly<Record<CliMajor, readonly string[]>> = {
  2: ['x86_64-pc-windows-msvc', 'x86_64-apple-darwin', 'x86_64-unknown-linux-gnu'],
  3: ['x86_64-apple-darwin', 'aarch64-apple-darwin', 'x86_64-pc-windows-msvc', 'x86_64-unknown-linux-gnu'],
};

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'x64',
  aarch64: 'arm64',
  i686: 'ia32',
  armv7: 'arm',
  riscv64gc: 'riscv64',
};
/** Names that version 2 passes on as Rust has them. */
const LATER_ARCHITECTURES: Readonly<Record<string, string>> = {
  loongarch64: 'loong64',
  powerpc64le: 'ppc64',
  powerpc64: 'ppc64',
};
const PLATFORMS: Readonly<Record<string, string>> = { windows: 'win32', ohos: 'openharmony' };

/**
 * Reads a Rust target triple as `@napi-rs/cli` does.
 *
 * @param at where the triple is written
 * @throws KrepisError KRP7034 for what is no triple
 * @example parseTriple('aarch64-unknown-linux-musl', 3, at).folder // 'linux-arm64-musl'
 * @see https://github.com/napi-rs/napi-rs/blob/main/cli/src/utils/target.ts
 */
export function parseTriple(given: string, major: CliMajor, at: Place): Target {
  // A suffix behind a dot pins a libc for `cargo zigbuild`: the same target.
  const raw = major === 3 ? (given.split('.')[0] ?? given) : given;
  const wasi = major === 3 ? WASI[raw] : undefined;
  if (wasi) return { ...wasi, platform: 'wasi', arch: 'wasm32', abi: 'wasi' };
  const parts = raw.replace(/-?eabi$/, '-eabi').split('-');
  const [cpu, , ...rest] = parts.length === 2 ? [parts[0], '', parts[1]] : parts;
  let [system, abi] = rest;
  if (!cpu || !system || raw.startsWith('wasm32')) {
    throw new KrepisError({ ...errors.BAD_TARGET, at, reason: `\`${given}\` is no target triple this knows` });
  }
  if (major === 3 && (abi === 'android' || abi === 'ohos')) [system, abi] = [abi, undefined];
  const platform = PLATFORMS[system] ?? system;
  const arch = ARCHITECTURES[cpu] ?? (major === 3 ? LATER_ARCHITECTURES[cpu] : undefined) ?? cpu;
  return { triple: raw, folder: [platform, arch, abi].filter(Boolean).join('-'), platform, arch, abi };
}

const THREADS = { triple: 'wasm32-wasip1-threads', folder: 'wasm32-wasi' };
const WASI: Readonly<Record<string, { readonly triple: string; readonly folder: string }>> = {
  'wasm32-wasi': THREADS,
  'wasm32-wasi-preview1-threads': THREADS,
  'wasm32-wasip1-threads': THREADS,
  'wasm32-wasip1': { triple: 'wasm32-wasip1', folder: 'wasm32-wasip1' },
};

/**
 * Whether a name is what some platform's folder is called.
 *
 * @example isPlatformFolder('linux-arm64-musl') // true
 */
export function isPlatformFolder(name: string): boolean {
  return FOLDER.test(name);
}

const FOLDER =
  /^(?:(?:win32|darwin|linux|freebsd|android|openharmony)-(?:x64|arm64|ia32|arm|riscv64|loong64|loongarch64|ppc64|powerpc64le|s390x|universal)(?:-\w+)?|wasm32-wasi(?:p1)?)$/;
