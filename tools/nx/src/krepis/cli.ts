import { createRequire } from 'node:module';
import { join } from 'node:path';
import { errors, KrepisError } from '../errors.ts';
import { run } from '../process.ts';
import type { ChangeSet } from './change-set.ts';

/** A krepis binary and the environment it wants. */
export interface Binary {
  readonly binary: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What `krepis plan` is asked for. */
export interface PlanRequest {
  /** Absolute path of the Krepis workspace. */
  readonly workspace: string;
  readonly kind: string;
  /** Positional arguments and options of the kind, as on the command line. */
  readonly arguments: readonly string[];
  /** Pending content that lies over the disk. */
  readonly overlay: ChangeSet;
}

/** What `krepis history observe` is told. */
export interface ObserveRequest {
  /** Absolute path of the Krepis workspace. */
  readonly workspace: string;
  readonly title: string;
  /** The command line that writes, for the history. */
  readonly command: readonly string[];
  /** What is about to be written. */
  readonly change: ChangeSet;
}

/** The part of the krepis command that generators use; tests pass one of their own. */
export interface Krepis {
  /** The change a generator would make. Writes nothing. */
  plan(request: PlanRequest): Promise<ChangeSet>;
  /** The change `krepis init` would make in a folder without krepis.json. Writes nothing. */
  init(workspace: string): Promise<ChangeSet>;
  /** Makes the state before durable. Answers the id of the operation. */
  observe(request: ObserveRequest): Promise<string>;
  /** Reads the state after from disk and closes the operation. */
  complete(workspace: string, operation: string): Promise<void>;
}

/**
 * The krepis command that belongs to an Nx workspace.
 *
 * @param nxRoot absolute path of the folder with nx.json
 * @throws KrepisError KRP7002 if it is not installed; KRP7003 if an answer cannot be read; else the failure krepis reports
 */
export function krepis(nxRoot: string): Krepis {
  const binary = findBinary(nxRoot);
  const call = async (args: readonly string[], input?: string) => {
    const line = [...args, '--json'];
    const separator = args.indexOf('--');
    if (separator >= 0) line.splice(separator, line.length, '--json', ...args.slice(separator));
    const ended = await run({ command: binary.binary, arguments: line, cwd: nxRoot, env: binary.env, input });
    const answer = readAnswer(ended.stdout);
    if (ended.code === 0 && answer !== undefined) return answer;
    throw failure(line, ended.code, answer, ended.stderr);
  };
  return {
    async plan({ workspace, kind, arguments: args, overlay }) {
      const answer = await call(
        ['-C', workspace, 'plan', kind, '--format', 'json', '--overlay', '-', ...args],
        JSON.stringify(overlay),
      );
      return answer as unknown as ChangeSet;
    },
    async init(workspace) {
      const { change } = await call(['-C', workspace, 'init', '--dry-run']);
      if (typeof change !== 'object' || change === null) throw failure(['init', '--dry-run'], 0, undefined, '');
      return change as ChangeSet;
    },
    async observe({ workspace, title, command, change }) {
      const owner = String(process.pid);
      const answer = await call(
        ['-C', workspace, 'history', 'observe', '--owner-pid', owner, '--title', title, '--', ...command],
        JSON.stringify(change),
      );
      if (typeof answer.operation !== 'string') throw failure(['history', 'observe'], 0, answer, '');
      return answer.operation;
    },
    async complete(workspace, operation) {
      await call(['-C', workspace, 'history', 'complete', operation]);
    },
  };
}

/**
 * Finds the binary through the `@krepis/cli` package: the one the workspace installed, else the one `@krepis/nx` did.
 *
 * @throws KrepisError KRP7002
 */
export function findBinary(nxRoot: string): Binary {
  const fromRoot = createRequire(join(nxRoot, 'package.json'));
  const fromInstallation = createRequire(join(nxRoot, '.nx', 'installation', 'package.json'));
  const ways = [
    () => fromRoot,
    () => fromInstallation,
    // With strict node_modules (pnpm) only @krepis/nx itself sees its dependencies.
    () => createRequire(fromRoot.resolve('@krepis/nx/package.json')),
    () => createRequire(fromInstallation.resolve('@krepis/nx/package.json')),
  ];
  for (const way of ways) {
    let path: string;
    try {
      path = way().resolve('@krepis/cli/lib/locate.cjs');
    } catch {
      continue;
    }
    const { locate } = fromRoot(path) as { locate(): Binary };
    try {
      return locate();
    } catch (error) {
      throw new KrepisError({ ...errors.NO_CLI, ...((error as { parts?: object }).parts ?? {}) });
    }
  }
  throw new KrepisError({ ...errors.NO_CLI, reason: `@krepis/cli does not resolve from ${nxRoot}` });
}

type Answer = Record<string, unknown>;

function readAnswer(stdout: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(stdout);
    return typeof value === 'object' && value !== null ? (value as Answer) : undefined;
  } catch {
    return undefined;
  }
}

interface ReportedError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly at?: { readonly path?: unknown; readonly line?: unknown; readonly column?: unknown };
  readonly reason?: unknown;
  readonly hint?: unknown;
}

/** What krepis said as an error of ours: its own code and words where it said any. */
function failure(line: readonly string[], code: number, answer: Answer | undefined, stderr: string): KrepisError {
  const reported = answer?.error as ReportedError | undefined;
  if (typeof reported?.code !== 'string' || typeof reported.message !== 'string') {
    const said = stderr.trim().split('\n').slice(-5).join('\n');
    return new KrepisError({
      ...errors.CLI_BROKE,
      reason: `\`krepis ${line.join(' ')}\` ended with ${code}${said === '' ? '' : `: ${said}`}`,
    });
  }
  const { at } = reported;
  return new KrepisError({
    code: reported.code,
    message: reported.message,
    at: typeof at?.path === 'string' ? { path: at.path, line: number(at.line), column: number(at.column) } : undefined,
    reason: text(reported.reason),
    hint: text(reported.hint),
  });
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
