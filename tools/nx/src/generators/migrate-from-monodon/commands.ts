import { posix } from 'node:path';

/** Options of one target or configuration, as project.json has them. */
export type Options = Readonly<Record<string, unknown>>;

/** The project a target belongs to. */
export interface Subject {
  /** Name in Nx; monodon's default target folder has it. */
  readonly project: string;
  /** `package.name` of its Cargo.toml. */
  readonly crate: string;
  /** Folder, relative to the Nx root. */
  readonly root: string;
}

/** What a target of @monodon/rust does, in words of its own. */
export interface Meaning {
  /** The command line, from the Nx root. */
  readonly command: string;
  /** What it adds to the plain command, where that is flags of Cargo only; undefined if it differs otherwise. */
  readonly flags: readonly string[] | undefined;
  /** True if it is what the plain command does: no option that matters. */
  readonly plain: boolean;
  /** Folder below Cargo's target folder where artefacts come to lie: `debug`, `wasm32-wasip1/release`. */
  readonly artefacts: string;
  /** Folder of its own that the artefacts go to, relative to the Nx root: napi's `dist`, wasm-pack's `target-dir`. */
  readonly directory?: string;
}

/** The executors of @monodon/rust 3 that build something; `release-publish` is apart. */
export const EXECUTORS = ['build', 'check', 'lint', 'napi', 'run', 'test', 'wasm-pack'] as const;
export type Executor = (typeof EXECUTORS)[number];

/**
 * Reads what `@monodon/rust:EXECUTOR` would run with these options.
 *
 * The translation is that of its 3.0.0: every option becomes a flag of the same name, `toolchain` becomes `+toolchain`
 * (`stable` none), `args` go behind `--`. Two things are left out: its target folder per project (`dist/target/NAME`),
 * since a shared one builds each dependency once, and its emptying of RUSTC_WRAPPER, since sccache is to work.
 *
 * @see https://github.com/cammisuli/monodon/blob/main/packages/rust/src/utils/build-command.ts
 */
export function meaning(executor: Executor, options: Options, subject: Subject): Meaning {
  if (executor === 'napi') return napi(options, subject);
  if (executor === 'wasm-pack') return wasmPack(options, subject);
  return cargo(executor === 'lint' ? 'clippy' : executor, options, subject);
}

function cargo(command: string, options: Options, { project, crate }: Subject): Meaning {
  const words: string[] = [];
  const { toolchain, args, ...rest } = options;
  if (typeof toolchain === 'string' && toolchain !== 'stable') words.push(`+${toolchain}`);
  words.push(command);
  const named = 'package' in rest;
  if (!named) words.push('-p', crate);
  const bare = words.length;
  for (const [name, value] of Object.entries(rest)) {
    if (name === 'target-dir' && isDefaultTargetFolder(value, project)) continue;
    if (value === true) words.push(`--${name}`);
    else if (Array.isArray(value)) for (const item of value) words.push(`--${name}`, String(item));
    else if (value !== false && value !== undefined && value !== null) words.push(`--${name}`, String(value));
  }
  const behind = Array.isArray(args) ? args.map(String) : typeof args === 'string' && args !== '' ? [args] : [];
  const text = words.map(quote).join(' ');
  // One text of arguments was joined into a shell line as it stood.
  const all = behind.length === 0 ? text : `${text} -- ${(Array.isArray(args) ? behind.map(quote) : behind).join(' ')}`;
  return {
    command: `cargo ${all}`,
    flags: named || behind.length > 0 || words[0] !== command ? undefined : words.slice(bare),
    plain: !named && words.length === bare && behind.length === 0 && words[0] === command,
    artefacts: posix.join(text_(options.target) ?? '', profileFolder(options)),
  };
}

/** `dist/target/NAME` is what monodon's generators write into every project. */
export function isDefaultTargetFolder(value: unknown, project: string): boolean {
  return value === `dist/target/${project}`;
}

/** https://doc.rust-lang.org/cargo/reference/profiles.html: `dev` and `test` build into `debug`, `bench` into `release`. */
function profileFolder({ release, profile }: Options): string {
  const name = text_(profile) ?? (release === true ? 'release' : 'dev');
  return { dev: 'debug', test: 'debug', bench: 'release' }[name] ?? name;
}

function napi(options: Options, { root }: Subject): Meaning {
  const dist = posix.normalize(text_(options.dist) ?? root);
  const js = text_(options.jsFile) ?? 'index.js';
  const dts = text_(options.dts) ?? 'index.d.ts';
  const words = ['napi', 'build', '--platform', '--manifest-path', posix.join(root, 'Cargo.toml')];
  words.push('--package-json-path', posix.join(root, 'package.json'), '--output-dir', dist, '--js', js, '--dts', dts);
  if (options.release === true) words.push('--release');
  if (text_(options.target)) words.push('--target', text_(options.target) ?? '');
  if (options.zig === true) words.push('--cross-compile');
  const plain =
    dist === posix.normalize(root) &&
    js === 'index.js' &&
    dts === 'index.d.ts' &&
    options.release !== true &&
    text_(options.target) === undefined &&
    options.zig !== true;
  return {
    command: words.map(quote).join(' '),
    flags: undefined,
    plain,
    artefacts: profileFolder(options),
    directory: dist,
  };
}

function wasmPack(options: Options, { root }: Subject): Meaning {
  const directory = posix.normalize(text_(options['target-dir']) ?? 'pkg');
  // wasm-pack takes its folder relative to the crate.
  const words = ['wasm-pack', 'build', root, '--target', text_(options.target) ?? 'bundler'];
  words.push('--out-dir', posix.relative(root, directory));
  if (options.release === true) words.push('--release');
  return { command: words.map(quote).join(' '), flags: undefined, plain: false, artefacts: 'release', directory };
}

function text_(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** For a POSIX shell; plain words stay as they are. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
