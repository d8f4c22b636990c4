/** Runs programs and measures them from outside. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A program to run. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Wall time of a program, from its start to its end, in milliseconds.
 *
 * @throws Error with its output if it does not end with 0
 */
export async function wallTime(command: Command): Promise<number> {
  const start = process.hrtime.bigint();
  const run = launch(command);
  const end = await run.exit;
  await run.closed;
  return Number(end - start) / 1e6;
}

/**
 * Peak resident memory of a program's own process, its children not counted, in MB (10^6 bytes).
 *
 * The kernel's high-water mark (`VmHWM` in /proc/PID/status) is read again and again until the process is gone. It only
 * grows, so the last reading is the peak but for what came after it: measure programs that wait for something before
 * they end. `wait4` and GNU time cannot tell: their figure counts waited-for children (the Node.js runner), and what the
 * process was before `exec`.
 *
 * @returns null where there is no /proc
 * @throws Error with its output if it does not end with 0
 */
export async function peakMemory(command: Command): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  const run = launch(command);
  let peak = 0;
  let running = true;
  const stop = () => {
    running = false;
  };
  run.exit.then(stop, stop);
  while (running) {
    peak = Math.max(peak, highWaterMark(run.pid));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await run.exit;
  await run.closed;
  if (peak === 0) throw new Error(`${command.file}: ended before its memory could be read`);
  return peak;
}

/** Runs a program that is not measured. */
export async function run(command: Command): Promise<void> {
  await wallTime(command);
}

interface Running {
  readonly pid: number;
  /** When the process ended, by process.hrtime.bigint(); rejected if it failed. */
  readonly exit: Promise<bigint>;
  readonly closed: Promise<void>;
}

function launch({ file, args, cwd, env }: Command): Running {
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const exit = new Promise<bigint>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const now = process.hrtime.bigint();
      if (code === 0) resolve(now);
      else closed.then(() => reject(new Error(`${file} ${args.join(' ')} ended with ${code ?? signal}\n${output}`)));
    });
  });
  return { pid: child.pid ?? 0, exit, closed };
}

function highWaterMark(pid: number): number {
  try {
    const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? 0 : (Number(kibibytes) * 1024) / 1e6;
  } catch {
    return 0;
  }
}
