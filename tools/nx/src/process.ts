import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** How a process ended. `code` is 128 + the signal's number where a signal ended it. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What to start, and what to do with its output. */
export interface Start {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Text for its stdin; without it stdin is empty. */
  readonly input?: string | undefined;
  /** Print what it prints while keeping it, so that a long run is seen. Default false. */
  readonly echo?: boolean;
}

/**
 * Runs a process to its end without a shell and keeps what it prints.
 *
 * @throws the error of `spawn`, for example ENOENT
 */
export function run({ command, arguments: args, cwd, env, input, echo }: Start): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      if (echo) process.stdout.write(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr.push(chunk);
      if (echo) process.stderr.write(chunk);
    });
    // A process that ends without reading closes the pipe; how it ended says more than EPIPE.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({
        code: code ?? 128 + (signal ? (constants.signals[signal] ?? 0) : 0),
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      });
    });
  });
}
