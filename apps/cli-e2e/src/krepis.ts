/**
 * Drives the built `krepis` as a user would: a real process in a real folder.
 *
 * The binaries come from `npm run build` (dist/bin); the tests fail, naming it, when they are missing.
 */
import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const repository = join(__dirname, '..', '..', '..');

/** This repository's Node.js. */
export const node = join(repository, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Path of a built binary in dist/bin. */
export function binary(name: 'krepis' | 'krepis-crash'): string {
  const file = join(repository, 'dist', 'bin', name);
  if (!existsSync(file)) throw new Error(`${file} is missing: run \`npm run build\` first`);
  return file;
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  readonly input?: string | Uint8Array;
  readonly bin?: 'krepis' | 'krepis-crash';
}

/**
 * What a test's processes inherit: the machine's environment without what would steer krepis, Nx or Node from outside. Nx's
 * plugins run in its own process, which halves its start; where that is to be as users have it, `extra` says so.
 */
export function environment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^(KREPIS_|NX_|NODE_OPTIONS$|JEST_|npm_)/i.test(name)) delete env[name];
  }
  const nx = { NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true', NX_ISOLATE_PLUGINS: 'false' };
  return { ...env, NO_COLOR: '1', ...nx, ...extra };
}

/** Runs krepis to its end. */
export function krepis(args: readonly string[], options: RunOptions): Outcome {
  const run = spawnSync(binary(options.bin ?? 'krepis'), args, {
    cwd: options.cwd,
    env: environment(options.env),
    input: options.input ?? '',
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (run.error) throw run.error;
  return { code: run.status, signal: run.signal, stdout: run.stdout, stderr: run.stderr };
}

/** Runs krepis and expects exit code 0; the output is in the error if it is another. */
export function krepisOk(args: readonly string[], options: RunOptions): Outcome {
  const outcome = krepis(args, options);
  if (outcome.code !== 0) throw new Error(`krepis ${args.join(' ')}: ${describe_(outcome)}`);
  return outcome;
}

/** Starts krepis and answers when it has ended: for several at once. */
export function krepisStart(args: readonly string[], options: RunOptions): Promise<Outcome> {
  return start(binary(options.bin ?? 'krepis'), args, { cwd: options.cwd, env: environment(options.env) });
}

/** Starts any program and answers when it has ended. */
export function start(command: string, args: readonly string[], options: SpawnOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** Runs any program to its end and expects exit code 0. */
export function ok(command: string, args: readonly string[], cwd: string, env: Record<string, string> = {}): Outcome {
  const run = spawnSync(command, args, { cwd, env: environment(env), encoding: 'utf8', maxBuffer: 64 << 20 });
  if (run.error) throw run.error;
  const outcome = { code: run.status, signal: run.signal, stdout: run.stdout, stderr: run.stderr };
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${describe_(outcome)}`);
  return outcome;
}

/** The failure of a `--json` run. */
export function failure(outcome: Outcome): {
  code: string;
  message: string;
  at?: { path: string; line?: number };
  reason?: string;
  hint?: string;
} {
  return JSON.parse(outcome.stdout).error;
}

function describe_(outcome: Outcome): string {
  return `exit ${outcome.code ?? outcome.signal}\n${outcome.stdout}\n${outcome.stderr}`;
}
