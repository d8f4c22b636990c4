/**
 * Every error of `@krepis/nx`, with its code. docs/reference/errors.md is generated from this table.
 *
 * `exit` is the exit code the CLI would use for the same mistake (CONTRACTS.md, "Exit codes"); Nx itself ends with 1.
 */
export const errors = {
  NO_WORKSPACE: {
    code: 'KRP7001',
    exit: 2,
    message: 'There is no krepis.json at or above the target.',
    hint: 'Run `nx g @krepis/nx:init` (or `krepis init` in that folder) first.',
  },
  NO_CLI: {
    code: 'KRP7002',
    exit: 70,
    message: 'The krepis command was not found.',
    hint: 'Install it with `npm install --save-dev @krepis/cli`, or set KREPIS_BIN to the path of the binary.',
  },
  CLI_BROKE: {
    code: 'KRP7003',
    exit: 70,
    message: 'The krepis command ended without a readable answer.',
    hint: 'Run the printed command by hand; `krepis doctor` checks the installation.',
  },
  UNKNOWN_PROJECT: {
    code: 'KRP7004',
    exit: 2,
    message: 'No Nx project has this name.',
    hint: '`nx show projects` lists the names.',
  },
  OUTSIDE: {
    code: 'KRP7005',
    exit: 2,
    message: 'The target lies outside the Nx workspace.',
    hint: 'Give a path below the folder that holds nx.json.',
  },
  STALE_TREE: {
    code: 'KRP7006',
    exit: 3,
    message: 'A file is no longer what the plan was made from.',
    hint: 'Run the generator again.',
  },
  BAD_OPTION: {
    code: 'KRP7007',
    exit: 2,
    message: 'An option has a value that cannot be passed on.',
    hint: '`nx g @krepis:KIND --help` lists the options and their types.',
  },
  SYMLINK: {
    code: 'KRP7008',
    exit: 2,
    message: 'Nx trees cannot hold symbolic links, and this change makes one.',
    hint: 'Run the same generator with `krepis g`.',
  },
  BROKEN_CARGO_TOML: {
    code: 'KRP7010',
    exit: 2,
    message: 'A Cargo.toml cannot be read, so the Rust half of the graph is unknown.',
    hint: '`cargo metadata --no-deps` shows what Cargo makes of it. A fixture that is meant to be broken belongs into .nxignore.',
  },
  UNKNOWN_CRATE: {
    code: 'KRP7011',
    exit: 2,
    message: 'A manifest leads to a folder without a crate.',
    hint: 'Correct the path, or add the crate; for a git submodule run `git submodule update --init`.',
  },
  BROKEN_MANIFEST: {
    code: 'KRP7012',
    exit: 2,
    message: 'A package.json, tsconfig or pnpm-workspace.yaml cannot be read.',
    hint: 'Mend the file at the place named.',
  },
  BROKEN_BUF: {
    code: 'KRP7013',
    exit: 2,
    message: 'A buf.yaml or buf.gen.yaml cannot be read, so the edges of the messages are unknown.',
    hint: '`buf build` shows what buf makes of the file.',
  },
  NO_CARGO_LOCK: {
    code: 'KRP7014',
    exit: 2,
    message: 'There is no Cargo.lock, so the versions of external crates are unknown and no result could be cached.',
    hint: 'Run `cargo generate-lockfile`; it need not be committed.',
  },
  DUPLICATE_PROJECT: {
    code: 'KRP7015',
    exit: 2,
    message: 'Two projects have the same name.',
    hint: 'Tasks are named by project: set another `name` in project.json, in `nx` of package.json or in [package.metadata.nx] of Cargo.toml.',
  },
  OUTSIDE_CRATE: {
    code: 'KRP7016',
    exit: 2,
    message: 'A path dependency leads to files that Nx does not see, so their changes would go unnoticed.',
    hint: 'Move the crate into the workspace, or take it from a registry or git.',
  },
  CYCLE: {
    code: 'KRP7017',
    exit: 2,
    message: 'Crates and packages depend on each other in a circle, so none could be built first.',
    hint: 'Take one of these edges out, for example by moving what both need into a project of its own.',
  },
  UNKNOWN_PACKAGE: {
    code: 'KRP7018',
    exit: 2,
    message: 'A Cargo.toml names an npm package that is not there.',
    hint: 'Correct `runs` in [package.metadata.nx]; paths are relative to the Cargo.toml.',
  },
  INPUTS_REPLACED: {
    code: 'KRP7019',
    exit: 2,
    message: 'nx.json replaces what tasks of crates depend on or leave behind, so their cached results could be stale.',
    hint: 'Set `inputs` and `outputs` for an executor ("nx:run-script": { … }) or with a `filter`, or rename our task: "buildTargetName": "cargo-build" in the options of @krepis/nx.',
  },
  NO_TEST_SUMMARY: {
    code: 'KRP7020',
    exit: 70,
    message: 'The test runner ended without a summary.',
    hint: 'Read its output above; nothing is counted as passed.',
  },
  NO_GRAPH: {
    code: 'KRP7025',
    exit: 2,
    message: 'Nx handed over no project graph, so no edge could be judged.',
    hint: '`nx show projects` says what is wrong with the graph; `nx reset` clears a stale one.',
  },
  UNEDITABLE_MEMBERS: {
    code: 'KRP7030',
    exit: 2,
    message: 'The list of workspace members cannot be edited.',
    hint: 'Write it as `members = […]` below `[workspace]`.',
  },
  NO_BUF: {
    code: 'KRP7031',
    exit: 70,
    message: 'buf was not found, so generated code cannot be compared with its messages.',
    hint: 'Install it with `npm install --save-dev @bufbuild/buf`, or put buf on PATH (https://buf.build/docs/installation).',
  },
  BUF_FAILED: {
    code: 'KRP7032',
    exit: 2,
    message: '`buf generate` failed.',
    hint: 'Mend what buf reports; `buf generate` in that folder shows the same.',
  },
  OUTPUT_OUTSIDE: {
    code: 'KRP7033',
    exit: 2,
    message: 'buf.gen.yaml writes outside the workspace.',
    hint: 'Give `out` a folder below the one that holds nx.json.',
  },
  BAD_TARGET: {
    code: 'KRP7034',
    exit: 2,
    message: 'The targets of a native addon cannot be understood.',
    hint: '`napi.targets` of package.json is a list of Rust target triples, each once.',
  },
  NO_WASI_VERSIONS: {
    code: 'KRP7035',
    exit: 2,
    message: 'A WebAssembly package needs versions that only the registry knows.',
    hint: 'Run `napi create-npm-dirs` once in the addon; from then on this generator keeps the package in sync.',
  },
  REFERENCE_CYCLE: {
    code: 'KRP7036',
    exit: 2,
    message: 'Projects depend on each other in a circle, which TypeScript project references cannot express.',
    hint: 'Remove one dependency, or name it in `nx.sync.ignoredDependencies` of that tsconfig.',
  },
  VERSIONS_DIFFER: {
    code: 'KRP7040',
    exit: 2,
    message: 'The manifests of a fixed release group do not agree on the current version.',
    hint: 'Give the exact version (`nx release 1.2.3`) to bring all to one, or correct the file that is wrong.',
  },
  NO_RELEASE_MANIFEST: {
    code: 'KRP7041',
    exit: 2,
    message: 'A project of the release has neither a Cargo.toml nor a package.json.',
    hint: 'Take it out of `release.projects` in nx.json, or correct `release.version.manifestRootsToUpdate`.',
  },
  RANGE_REFUSED: {
    code: 'KRP7042',
    exit: 2,
    message: 'A version range of a released package does not take in the new version.',
    hint: 'Write the range by hand: only `1.2.3`, `^1.2.3`, `~1.2.3` and `=1.2.3` are carried over.',
  },
  RELEASE_FILE: {
    code: 'KRP7043',
    exit: 2,
    message: 'A file that holds versions cannot be edited.',
    hint: 'Nothing was written. Mend the file, or have the package manager write it anew.',
  },
  RELEASE_OPTION: {
    code: 'KRP7044',
    exit: 2,
    message: 'The release settings of nx.json cannot be used.',
    hint: 'docs/release.md lists them.',
  },
  NO_NX: {
    code: 'KRP7050',
    exit: 2,
    message: 'This folder is no Nx workspace: there is no nx.json.',
    hint: 'Run `npx nx@23.2.1 init` first, then `npx nx add @krepis/nx` again.',
  },
  BROKEN_CONFIGURATION: {
    code: 'KRP7051',
    exit: 2,
    message: 'A file this generator edits cannot be read, so nothing was changed.',
    hint: 'Mend the file at the place named, then run the generator again.',
  },
  TAKEN: {
    code: 'KRP7052',
    exit: 2,
    message: 'There is something at this path already.',
    hint: 'Name another folder, or move away what is there.',
  },
  BAD_NAME: {
    code: 'KRP7053',
    exit: 2,
    message: 'This cannot be the name of a crate or package.',
    hint: 'Use letters, digits, `-` and `_`, beginning with a letter; give it with `--name`.',
  },
  BAD_SHARDS: {
    code: 'KRP7054',
    exit: 2,
    message: 'The command line of krepis-nx-shard is not complete.',
    hint: 'For example: `krepis-nx-shard --shards=4 --targets=lint,typecheck,test,build --base=origin/main`.',
  },
  NO_TASK_GRAPH: {
    code: 'KRP7055',
    exit: 1,
    message: 'Nx gave no task graph, so no task was assigned to a shard.',
    hint: 'Mend what Nx says above; `nx show projects` must pass.',
  },
  SHARED_FAILED: {
    code: 'KRP7058',
    exit: 1,
    message: 'A task that several shards need failed.',
    hint: 'Mend what its output above says.',
  },
  NO_MEMBERS: {
    code: 'KRP7056',
    exit: 2,
    message: 'The root Cargo.toml takes no members.',
    hint: 'Give it a `[workspace]` table with `members`, then run the generator again.',
  },
  UNKNOWN_VALUE: {
    code: 'KRP7057',
    exit: 2,
    message: 'An option of this generator has a value it does not know.',
    hint: '`nx g @krepis/nx:GENERATOR --help` lists the values.',
  },
  MISSING_TOOL: {
    code: 'KRP7021',
    exit: 1,
    message: 'A program that this task needs is not installed.',
    hint: 'Install it and run the task again.',
  },
  BAD_BASE: {
    code: 'KRP7022',
    exit: 2,
    message: 'The base to compare with is no commit of this repository.',
    hint: 'Set NX_BASE to a commit, or fetch the history (`git fetch --unshallow`).',
  },
} as const;

/** A place in a file; lines and columns count from 1. */
export interface Place {
  readonly path: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** What every failure says, whoever found it: this plugin or the krepis command. */
export interface FailureParts {
  readonly code: string;
  readonly message: string;
  readonly at?: Place | undefined;
  readonly reason?: string | undefined;
  readonly hint?: string | undefined;
}

/**
 * A failure in a form people can read: code and message, then place, reason and hint on lines of their own.
 *
 * The stack is cut to the message: these are the user's mistakes or the environment's, and Nx prints stacks.
 *
 * @example
 * throw new KrepisError({ ...errors.NO_WORKSPACE, at: { path: 'apps/shop' } });
 */
export class KrepisError extends Error {
  override readonly name = 'KrepisError';
  readonly parts: FailureParts;

  constructor(parts: FailureParts) {
    super(describe(parts));
    this.parts = parts;
    this.stack = this.message;
  }
}

function describe(parts: FailureParts): string {
  const lines = [`${parts.code}: ${parts.message}`];
  if (parts.at) lines.push(`  at: ${place(parts.at)}`);
  if (parts.reason) lines.push(`  reason: ${parts.reason}`);
  if (parts.hint) lines.push(`  hint: ${parts.hint}`);
  return lines.join('\n');
}

function place(at: Place): string {
  return [at.path, at.line, at.column].filter((part) => part !== undefined).join(':');
}
