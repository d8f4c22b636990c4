/**
 * The edits of the truth table, and what each must rebuild.
 *
 * The expected sets follow from what workspace.ts wrote, not from any tool's graph. Every task reads files, runs under a
 * tool chain, a configuration and an environment ({@link READS}); an edit changes some of these. A task *must* run
 * again if something it reads has changed, the artefacts of the tasks before it included. It *may* run where only the
 * source of an artefact it reads has changed, and the artefact comes out the same: no tool can know before it has run
 * the task that makes it. Every other run is needless.
 */
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CRATE_DEPENDENCIES, CRATES, EXTERNALS, type PACKAGES } from './workspace.ts';

/** What is asked of every tool: all of these, in every project that has them. `generate` runs because others need it. */
export const KINDS = ['build', 'test', 'lint', 'typecheck'] as const;

/** A kind of work that can be asked for. */
export type Kind = (typeof KINDS)[number];

/**
 * One piece of work, whatever a tool calls it: `crates/leaf#test`. The addon's `build` makes the `.node` file, its `lint`
 * is clippy's and its `lint-package` is Biome's, which a tool may do in one task.
 */
export type Work = `${string}#${Kind | 'generate' | 'lint-package'}`;

/** What the artefacts say: what an edit changes, it changes here. */
export interface Behaviour {
  /** What `@truth/core` says with the addon loaded, in Node.js. */
  readonly addon: string;
  /** What the application says: all packages. */
  readonly app: string;
  /** What the binary says. */
  readonly tool: string;
  /** Version of itoa that is compiled into the binary. */
  readonly itoa: string;
}

/** Words of {@link Behaviour} that an edit replaces. */
export type Changes = readonly {
  readonly in: readonly (keyof Behaviour)[];
  readonly from: string;
  readonly to: string;
}[];

/** A change of the workspace or of what surrounds it. */
export interface Edit {
  readonly id: string;
  /** What is changed, for people. */
  readonly title: string;
  /** Why these tasks and no others. */
  readonly because: string;
  /** Work that must be done again. */
  readonly must: readonly Work[];
  /** Work that a tool may do again: an artefact it reads was made anew, and came out the same. */
  readonly may: readonly Work[];
  /** What the artefacts say then; none where the edit changes nothing that shows. */
  readonly changes: Changes;
  /** Makes the edit; `undo` of the caller is `git checkout`, so no file is added. */
  apply(workspace: Editable): void;
}

/** A workspace to edit. */
export interface Editable {
  readonly root: string;
  /** Environment of the tool; an edit may change it. */
  readonly env: NodeJS.ProcessEnv;
  /** Empty folder outside the workspace. */
  readonly scratch: string;
  /** Runs Cargo in the workspace, outside of the measured run. */
  cargo(...args: string[]): string;
  /** Runs rustup. */
  rustc(): string;
}

type CrateFolder = keyof typeof CRATES;
type PackageFolder = keyof typeof PACKAGES;

const ALL_CRATES = Object.keys(CRATES) as CrateFolder[];
const RUST_KINDS = ['build', 'test', 'lint'] as const;

/** Build, tests and lints of a crate; clippy and the tests compile what it depends on, too. */
const crate = (...folders: CrateFolder[]): Work[] =>
  folders.flatMap((folder) =>
    // The addon's crate has no tests of its own (`test = false`): `cargo test` of it compiles nothing, it only *may* run.
    RUST_KINDS.filter((kind) => !(folder === 'packages/native' && kind === 'test')).map(
      (kind): Work => `${folder}#${kind}`,
    ),
  );

const work = (kinds: readonly string[], ...folders: (PackageFolder | CrateFolder | 'proto')[]): Work[] =>
  folders.flatMap((folder) => kinds.map((kind) => `${folder}#${kind}` as Work));

/** The crates that have `folder` in their closure, itself included. */
function dependents(folder: CrateFolder): CrateFolder[] {
  return ALL_CRATES.filter((from) => reaches(from, folder));
}

function reaches(from: CrateFolder, to: CrateFolder): boolean {
  return from === to || CRATE_DEPENDENCIES[from].some((next) => reaches(next, to));
}

/** Packages whose tests load the addon. */
const LOADERS = ['packages/core', 'packages/feature', 'apps/app'] as const;

/** The addon came out other than before: the tests that load it. What compiles against it reads its types only. */
const ADDON_CHANGED = {
  must: work(['test'], ...LOADERS),
  may: work(['build', 'typecheck'], ...LOADERS),
};

/** The same, where it was Rust that changed. */
const ADDON_OF_RUST = { must: ADDON_CHANGED.must, may: [...ADDON_CHANGED.may, ...work(['test'], 'packages/native')] };

/** Everything that Cargo builds, and what tests the addon. */
const ALL_RUST = {
  must: [...crate(...ALL_CRATES), ...ADDON_CHANGED.must],
  may: ADDON_OF_RUST.may,
};

const everywhere = ['addon', 'app', 'tool'] as const;

/** Every edit, in the order they are made. */
export const EDITS: readonly Edit[] = [
  {
    id: 'leaf-crate',
    title: 'source of a leaf crate',
    because: 'its dependents compile it; the addon changes, so the tests that load it; types do not',
    must: [...crate(...dependents('crates/leaf')), ...ADDON_CHANGED.must],
    may: ADDON_OF_RUST.may,
    changes: [{ in: everywhere, from: 'leaf-1', to: 'leaf-2' }],
    apply: (at) => replace(at, 'crates/leaf/src/lib.rs', '"leaf-1"', '"leaf-2"'),
  },
  {
    id: 'mid-crate',
    title: 'source of a crate in the middle, which names its dependency by another name',
    because: 'as the leaf, without the leaf itself',
    must: [...crate(...dependents('crates/mid')), ...ADDON_CHANGED.must],
    may: ADDON_OF_RUST.may,
    changes: [{ in: everywhere, from: 'mid-1', to: 'mid-2' }],
    apply: (at) => replace(at, 'crates/mid/src/lib.rs', 'mid-1 {}', 'mid-2 {}'),
  },
  {
    id: 'napi-crate',
    title: "source of the addon's crate",
    because: 'nothing in Rust depends on it; the tests that load it do',
    must: [...crate('packages/native'), ...ADDON_CHANGED.must],
    may: ADDON_OF_RUST.may,
    changes: [{ in: ['addon', 'app'], from: 'native-1', to: 'native-2' }],
    apply: (at) => replace(at, 'packages/native/src/lib.rs', 'native-1', 'native-2'),
  },
  {
    id: 'addon-loader',
    title: "the addon package's own JavaScript",
    because: 'no crate reads it; Biome checks it, and the tests that load the addon run it',
    must: [...work(['lint-package'], 'packages/native'), ...ADDON_CHANGED.must],
    may: ADDON_CHANGED.may,
    changes: [{ in: ['addon', 'app'], from: 'loader-1', to: 'loader-2' }],
    apply: (at) => replace(at, 'packages/native/loader.cjs', 'loader-1', 'loader-2'),
  },
  {
    id: 'proto',
    title: 'a field of a message',
    because: 'code is generated into one crate and one package; their dependents compile it',
    must: [
      ...work(['generate', 'lint'], 'proto'),
      ...crate(...dependents('crates/wire')),
      ...work(['build', 'typecheck', 'test'], 'packages/messages'),
      ...work(['test'], 'apps/app'),
    ],
    // The types of the package that is generated into do not show the messages.
    may: work(['build', 'typecheck'], 'apps/app'),
    changes: [{ in: ['app', 'tool'], from: ' name', to: ' name,place' }],
    apply: (at) =>
      replace(
        at,
        'proto/truth/greeting/v1/greeting.proto',
        'string name = 1;',
        'string name = 1;\n  // Where.\n  string place = 2;',
      ),
  },
  {
    id: 'typescript-leaf',
    title: 'source of a TypeScript package at the bottom; the type of what it exports changes',
    because: 'its dependent compiles against its types, and the tests above run it',
    must: [
      ...work(['build', 'typecheck', 'test', 'lint'], 'packages/words'),
      ...work(['build', 'typecheck', 'test'], 'packages/feature'),
      ...work(['test'], 'apps/app'),
    ],
    may: work(['build', 'typecheck'], 'apps/app'),
    changes: [{ in: ['app'], from: 'word-1', to: 'word-2' }],
    apply: (at) => replace(at, 'packages/words/src/index.ts', 'word-1', 'word-2'),
  },
  {
    id: 'lock-direct',
    title: `Cargo.lock: itoa ${EXTERNALS.itoa.before} to ${EXTERNALS.itoa.after}, a dependency of one crate`,
    because: 'the crate and the binary that has it in its closure compile it',
    must: crate(...dependents('crates/digits')),
    may: [],
    changes: [{ in: ['itoa'], from: EXTERNALS.itoa.before, to: EXTERNALS.itoa.after }],
    apply: (at) => raise(at, 'itoa'),
  },
  {
    id: 'lock-transitive',
    title: `Cargo.lock: percent-encoding ${EXTERNALS['percent-encoding'].before} to ${EXTERNALS['percent-encoding'].after}, a dependency of a dependency of one crate`,
    because: 'one crate has it in its closure, through form_urlencoded',
    must: crate('crates/picky'),
    may: [],
    changes: [],
    apply: (at) => raise(at, 'percent-encoding'),
  },
  {
    id: 'root-profile',
    title: '`[profile.dev]` in the root Cargo.toml',
    because: 'every crate is compiled under it; the addon changes',
    ...ALL_RUST,
    changes: [{ in: everywhere, from: 'assertions=true', to: 'assertions=false' }],
    apply: (at) => replace(at, 'Cargo.toml', 'debug-assertions = true', 'debug-assertions = false'),
  },
  {
    id: 'cargo-config',
    title: '`.cargo/config.toml`: `build.rustflags`',
    because: 'every crate is compiled under it; the addon changes',
    ...ALL_RUST,
    changes: [{ in: everywhere, from: 'config=one', to: 'config=two' }],
    apply: (at) => replace(at, '.cargo/config.toml', 'one', 'two'),
  },
  {
    id: 'rustflags',
    title: 'RUSTFLAGS in the environment',
    because: 'every crate is compiled under it; the addon changes',
    ...ALL_RUST,
    changes: [{ in: everywhere, from: 'flag=false', to: 'flag=true' }],
    apply: ({ env }) => {
      env.RUSTFLAGS = '--cfg truth_flag';
    },
  },
  {
    id: 'profile-variable',
    title: 'CARGO_PROFILE_DEV_PANIC in the environment',
    because: 'every crate is compiled under it; the addon changes',
    ...ALL_RUST,
    changes: [{ in: everywhere, from: 'panic=unwind', to: 'panic=abort' }],
    apply: ({ env }) => {
      // Not what the edit of the profile does: the same addon, made twice, would be the same result of its tests.
      env.CARGO_PROFILE_DEV_PANIC = 'abort';
    },
  },
  {
    id: 'toolchain',
    title: 'another rustc, first on PATH, with another `rustc -vV`',
    because: 'every crate is compiled by it; the addon changes',
    ...ALL_RUST,
    changes: [{ in: everywhere, from: 'toolchain=false', to: 'toolchain=true' }],
    apply(at) {
      const folder = join(at.scratch, 'toolchain');
      mkdirSync(folder, { recursive: true });
      const real = at.rustc();
      const lines = [
        '#!/bin/sh',
        `if [ "$*" = "-vV" ]; then "${real}" -vV | sed 's/^commit-date: .*/commit-date: 2000-01-01/'; exit; fi`,
        `exec "${real}" "$@" --cfg truth_toolchain`,
        '',
      ];
      writeFileSync(join(folder, 'rustc'), lines.join('\n'));
      chmodSync(join(folder, 'rustc'), 0o755);
      at.env.PATH = [folder, at.env.PATH].join(delimiter);
    },
  },
  {
    id: 'toolchain-file',
    title: '`rust-toolchain.toml`: another list of components',
    because: 'the file decides the tool chain of every crate, so their tasks read it; the artefacts come out the same',
    must: crate(...ALL_CRATES),
    may: [...ADDON_OF_RUST.must, ...ADDON_OF_RUST.may],
    changes: [],
    apply: (at) => replace(at, 'rust-toolchain.toml', '["clippy"]', '["clippy", "rustfmt"]'),
  },
  {
    id: 'buf-gen',
    title: '`buf.gen.yaml`: an option of the plugin that generates the Rust code',
    because: 'code is generated anew, and the crate and its dependents compile it; the TypeScript comes out the same',
    must: [...work(['generate'], 'proto'), ...crate(...dependents('crates/wire'))],
    may: work(['build', 'typecheck', 'test'], 'packages/messages', 'apps/app'),
    changes: [{ in: ['tool'], from: 'one-plain', to: 'two-plain' }],
    apply: (at) => replace(at, 'buf.gen.yaml', 'prefix=one', 'prefix=two'),
  },
  {
    id: 'buf-plugin',
    title: "source of the workspace's own plugin that buf.gen.yaml names",
    because: 'as an option of it',
    must: [...work(['generate'], 'proto'), ...crate(...dependents('crates/wire'))],
    may: work(['build', 'typecheck', 'test'], 'packages/messages', 'apps/app'),
    changes: [{ in: ['tool'], from: 'one-plain', to: 'one-fancy' }],
    apply: (at) => replace(at, 'tools/protoc-gen-fields.mjs', "'plain'", "'fancy'"),
  },
  {
    id: 'package-json',
    title: '`package.json` of one TypeScript package: a description',
    because: 'its own tasks read it, and those of its dependent to find it; above that only tests do',
    must: [
      ...work(['build', 'typecheck', 'test', 'lint'], 'packages/words'),
      ...work(['build', 'typecheck', 'test'], 'packages/feature'),
      ...work(['test'], 'apps/app'),
    ],
    may: work(['build', 'typecheck'], 'apps/app'),
    changes: [],
    apply: (at) => replace(at, 'packages/words/package.json', '"version"', '"description": "Words.",\n  "version"'),
  },
  {
    id: 'readme',
    title: 'the README of the workspace, of a crate and of a package',
    because: 'no task reads them',
    must: [],
    may: [],
    changes: [],
    apply(at) {
      for (const folder of ['.', 'crates/leaf', 'packages/words']) {
        appendFileSync(join(at.root, folder, 'README.md'), '\nMore of no consequence.\n');
      }
    },
  },
  {
    id: 'readme-included',
    title: 'the README of a crate that compiles it in with `include_str!`',
    because: 'it is source of that crate, whatever it is called',
    must: crate('crates/picky'),
    may: [],
    changes: [],
    apply: (at) => replace(at, 'crates/picky/README.md', 'picky-1', 'picky-2'),
  },
];

/** Replaces text that must be there once. */
function replace({ root }: Editable, path: string, from: string, to: string): void {
  const file = join(root, path);
  const parts = readFileSync(file, 'utf8').split(from);
  if (parts.length !== 2) throw new Error(`${path} has \`${from}\` ${parts.length - 1} times`);
  writeFileSync(file, parts.join(to));
}

/** Raises an external crate in Cargo.lock, as `cargo update` does. */
function raise({ cargo }: Editable, name: keyof typeof EXTERNALS): void {
  cargo('update', '--quiet', '--package', name, '--precise', EXTERNALS[name].after);
}
