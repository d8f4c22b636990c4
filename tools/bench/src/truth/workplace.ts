/** A tool's own copy of the workspace on disk: made, built, edited, observed, put back. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Behaviour, type Edit, KINDS, type Kind } from './edits.ts';
import type { Task, Tool } from './tools.ts';
import { DEV_DEPENDENCIES, EXTERNALS, json, workspaceFiles, writeFiles } from './workspace.ts';

/** How a run ended. */
export interface Run {
  /** Exit code; null if a signal ended it. */
  readonly code: number | null;
  /** All it wrote. */
  readonly output: string;
  readonly tasks: readonly Task[];
}

/** What a workplace is made of. */
export interface Means {
  /** Folder for it; made anew. */
  readonly folder: string;
  /** The `pnpm` to install with. */
  readonly pnpm: string;
  /** Environment of everything that is run. */
  readonly env: NodeJS.ProcessEnv;
  /** Cargo.lock of another workplace, so that all have the same. */
  readonly lock?: string;
}

/** One copy of the workspace, for one tool. */
export class Workplace {
  readonly root: string;
  readonly tool: Tool;
  readonly #cache: string;
  readonly #scratch: string;
  readonly #original: NodeJS.ProcessEnv;
  #env: NodeJS.ProcessEnv;

  private constructor(tool: Tool, { folder, env }: Means) {
    this.tool = tool;
    this.root = join(folder, 'workspace');
    this.#cache = join(folder, 'cache');
    this.#scratch = join(folder, 'scratch');
    this.#original = { ...env, PATH: [join(this.root, 'node_modules', '.bin'), env.PATH].join(delimiter) };
    // What steers Cargo or a tool from outside would decide the table; each copy has its own `target`.
    for (const name of Object.keys(this.#original)) {
      if (
        /^(?:NX_|TURBO_|CARGO_(?!HOME$)|RUSTFLAGS$|RUSTC|NAPI_|npm_|JEST_|NODE_ENV$|NODE_OPTIONS$|INIT_CWD$)/.test(name)
      )
        delete this.#original[name];
    }
    this.#env = { ...this.#original };
  }

  /**
   * Writes, installs and commits the workspace.
   *
   * @throws Error if pnpm, Cargo or git fails
   */
  static create(tool: Tool, means: Means): Workplace {
    rmSync(means.folder, { recursive: true, force: true });
    const place = new Workplace(tool, means);
    for (const folder of [place.root, place.#cache, place.#scratch]) mkdirSync(folder, { recursive: true });
    writeFiles(place.root, filesFor(tool));
    place.#command(means.pnpm, ['install', '--no-frozen-lockfile', '--prefer-offline', '--silent']);
    if (means.lock === undefined) {
      place.#command('cargo', ['generate-lockfile', '--quiet']);
      for (const [name, { before }] of Object.entries(EXTERNALS)) {
        place.#command('cargo', ['update', '--quiet', '--package', name, '--precise', before]);
      }
    } else writeFiles(place.root, { 'Cargo.lock': means.lock });
    const git = (...args: string[]) =>
      place.#command('git', ['-c', 'user.name=Truth', '-c', 'user.email=truth@example.org', ...args]);
    git('init', '--quiet', '--initial-branch=main');
    git('add', '.');
    git('commit', '--quiet', '--message=Truth');
    return place;
  }

  /** Cargo.lock of this copy. */
  get lock(): string {
    return readFileSync(join(this.root, 'Cargo.lock'), 'utf8');
  }

  /** Number of lines of a file of this copy. */
  linesOf(path: string): number {
    return readFileSync(join(this.root, path), 'utf8').trimEnd().split('\n').length;
  }

  /** Runs the tool over everything. */
  async run(kinds: readonly Kind[] = KINDS): Promise<Run> {
    const place = { root: this.root, cache: this.#cache };
    const { args, env } = this.tool.command(place, kinds);
    // A report of an earlier run is none of this one.
    this.tool.tasks(place);
    const child = spawn(process.execPath, args, {
      cwd: this.root,
      env: { ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { code, output, tasks: this.tool.tasks(place) };
  }

  /** Makes an edit. */
  apply(edit: Pick<Edit, 'apply'>): void {
    edit.apply({
      root: this.root,
      env: this.#env,
      scratch: this.#scratch,
      cargo: (...args) => this.#command('cargo', args),
      rustc: () => join(this.#command('rustc', ['--print', 'sysroot']).trim(), 'bin', 'rustc'),
    });
  }

  /** Takes an edit back: files and environment. */
  revert(): void {
    this.#env = { ...this.#original };
    this.#command('git', ['checkout', '--quiet', '--', '.']);
    const left = this.#command('git', ['status', '--porcelain']);
    if (left !== '') throw new Error(`the workspace of ${this.tool.name} is not as it was:\n${left}`);
  }

  /** What the built artefacts say; an artefact that does not start says why. */
  observe(): Behaviour {
    const says = (file: string, args: string[], cwd = this.root) => {
      const { status, stdout, stderr, error } = spawnSync(file, args, { cwd, env: this.#original, encoding: 'utf8' });
      return status === 0 ? stdout.trim() : `failed: ${error?.message ?? stderr.trim()}`;
    };
    const script = "console.log(require('@truth/core').core())";
    return {
      addon: says(process.execPath, ['-e', script], join(this.root, 'packages', 'feature')),
      app: says(process.execPath, ['apps/app/dist/index.js']),
      tool: says(join(this.root, this.tool.binary), []),
      itoa: versionIn(join(this.root, this.tool.binary), 'itoa'),
    };
  }

  #command(file: string, args: readonly string[]): string {
    const { status, stdout, stderr, error } = spawnSync(file, args, {
      cwd: this.root,
      env: this.#original,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    if (status !== 0)
      throw new Error(`${file} ${args.join(' ')} ended with ${status ?? error?.message}\n${stdout}${stderr}`);
    return stdout;
  }
}

/** Version of an external crate that is compiled into a binary: its debug information names the source folder. */
function versionIn(binary: string, crate: string): string {
  let bytes: string;
  try {
    bytes = readFileSync(binary, 'latin1');
  } catch (error) {
    return `failed: ${(error as Error).message}`;
  }
  const versions = bytes.matchAll(new RegExp(`/${crate}-(\\d+\\.\\d+\\.\\d+)/`, 'g'));
  return [...new Set([...versions].map(([, version]) => version))].sort().join(' ');
}

function filesFor(tool: Tool): Record<string, string> {
  const files: Record<string, string> = { ...workspaceFiles() };
  for (const [path, text] of Object.entries(tool.files)) {
    const base = files[path];
    files[path] =
      base !== undefined && path.endsWith('package.json') ? json({ ...JSON.parse(base), ...JSON.parse(text) }) : text;
  }
  const local = Object.entries(tool.devDependencies).filter(([, version]) => version.startsWith('file:'));
  files['package.json'] = json({
    name: 'truth-workspace',
    version: '0.0.0',
    private: true,
    devDependencies: { ...DEV_DEPENDENCIES, ...tool.devDependencies },
  });
  files['pnpm-workspace.yaml'] = [
    'packages:',
    ...['packages/*', 'apps/app', ...(tool.members ?? [])].map((pattern) => `  - ${pattern}`),
    'allowBuilds:',
    "  '@bufbuild/buf': true",
    "  '@swc/core': true",
    '  nx: true',
    "  '@parcel/watcher': false",
    '  unrs-resolver: false',
    // Tarballs from this machine name each other by path, which pnpm takes from nobody's dependencies by itself.
    ...(local.length > 0 ? ['blockExoticSubdeps: false'] : []),
    '',
  ].join('\n');
  return files;
}
