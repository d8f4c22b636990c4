import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { KrepisError } from '../errors.ts';
import type { Logger } from './logger.ts';

/** How an app ends when the process is told to. */
export interface ShutdownOptions {
  /**
   * Signals that end the app once it listens. Another, half a second later or more, ends the process
   * at once. Default SIGTERM and SIGINT.
   */
  readonly signals?: readonly NodeJS.Signals[];
  /**
   * How long to go on answering after `/health/ready` says no, in milliseconds, so that a load balancer sees it before
   * connections are refused. Default 0; behind one, its probe period.
   */
  readonly graceMs?: number;
  /** How long everything after that may take, in milliseconds. Default 10000. */
  readonly deadlineMs?: number;
}

/** What {@link stop} works on. */
export interface Stoppable {
  /** Stops accepting requests, answers those that are there. */
  readonly drain: () => Promise<void>;
  /** Ends the connections that are still open. */
  readonly cut: () => void;
  /** Runs the shutdown hooks; says what it is at. */
  readonly end: (entering: (name: string) => void) => Promise<void>;
}

// npm and shells pass on a signal that the whole process group has had already; only a later one is an impatient user.
const REPEAT_MS = 500;

// Hooks get the last quarter: a client that never finishes must not cost the app its flushes.
const DRAIN_SHARE = 0.75;

/**
 * Drains and ends an app within `deadlineMs`.
 *
 * @throws KrepisError KRP8203 if it takes longer, KRP8204 if hooks failed
 */
export async function stop(app: Stoppable, deadlineMs: number, log: Logger): Promise<void> {
  let busy = 'requests in flight';
  const finished = new AbortController();
  const drainDeadline = deadlineMs * DRAIN_SHARE;
  const deadline = delay(deadlineMs, undefined, { signal: finished.signal }).then(() => {
    throw new KrepisError('SHUTDOWN_TIMEOUT', { ms: deadlineMs, busy });
  });
  // Aborting it below rejects it, also when nobody waits for it any more.
  deadline.catch(() => {});
  const cut = setTimeout(() => {
    log.warn(`requests were still in flight after ${drainDeadline} ms; their connections are closed`);
    app.cut();
  }, drainDeadline);
  try {
    await Promise.race([app.drain(), deadline]);
    clearTimeout(cut);
    await Promise.race([app.end((name) => (busy = name)), deadline]);
  } finally {
    clearTimeout(cut);
    finished.abort();
  }
}

/**
 * Ends the process with its app: on the first signal gracefully, with status 0, or 1 if that failed; on a later one at once.
 * Returns what takes the listeners away again.
 */
export function stopOnSignals(
  signals: readonly NodeJS.Signals[],
  stopApp: (signal: NodeJS.Signals) => Promise<void>,
  log: Logger,
): () => void {
  let stoppingSince: number | undefined;
  const listener = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince >= REPEAT_MS) process.exit(128 + constants.signals[signal]);
      return;
    }
    stoppingSince = performance.now();
    stopApp(signal).then(
      () => process.exit(0),
      (error: unknown) => {
        log.fatal({ err: error }, 'shutdown failed');
        process.exit(1);
      },
    );
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    // While stopping they stay: a second signal has to find them.
    if (stoppingSince === undefined) for (const signal of signals) process.off(signal, listener);
  };
}
