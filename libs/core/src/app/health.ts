import { setTimeout as delay } from 'node:timers/promises';
import { type HttpReply, reply } from '../http/reply.ts';
import { InjectionToken } from '../injection/token.ts';
import type { Logger } from './logger.ts';

/** Something the app cannot serve without, such as a database. */
export interface HealthCheck {
  /** Its name in the answer. */
  readonly name: string;
  /** Throws or rejects while it is not usable. */
  check(): void | Promise<void>;
}

/**
 * Checks of any module (`multi`) that `GET /health/ready` runs.
 *
 * @example
 * ```ts
 * { provide: HEALTH_CHECK, multi: true, useFactory: () => { const pool = inject(POOL); return { name: 'database', check: () => pool.ping() }; } }
 * ```
 */
export const HEALTH_CHECK = new InjectionToken<HealthCheck>('HEALTH_CHECK');

/** Settings of the health routes. */
export interface HealthOptions {
  /** Prefix of `live` and `ready`. Default `/health`. */
  readonly path?: `/${string}`;
  /** How long one check may take, in milliseconds. Default 2000. */
  readonly timeoutMs?: number;
}

/** Answers "is the process alive": yes, as long as it can answer. */
export function answerLive(): HttpReply {
  return reply(200, { status: 'ok' }, { 'cache-control': 'no-store' });
}

/**
 * Answers "should requests be sent here": 200, or 503 while the app shuts down or a check fails. The answer names the
 * checks; why one failed stands in the log.
 */
export async function answerReady(
  isReady: boolean,
  checks: readonly HealthCheck[],
  timeoutMs: number,
  log: Logger,
): Promise<HttpReply> {
  const headers = { 'cache-control': 'no-store' };
  if (!isReady) return reply(503, { status: 'shutting down' }, headers);
  const results = await Promise.all(
    checks.map(async (check) => [check.name, await run(check, timeoutMs, log)] as const),
  );
  const isOk = results.every(([, result]) => result === 'ok');
  return reply(isOk ? 200 : 503, { status: isOk ? 'ok' : 'unavailable', checks: Object.fromEntries(results) }, headers);
}

async function run(check: HealthCheck, timeoutMs: number, log: Logger): Promise<'ok' | 'failed'> {
  const finished = new AbortController();
  try {
    const tooLate = delay(timeoutMs, undefined, { signal: finished.signal }).then(() => {
      throw new Error(`no answer within ${timeoutMs} ms`);
    });
    await Promise.race([check.check(), tooLate]);
    return 'ok';
  } catch (error) {
    log.warn({ err: error }, `health check ${check.name} failed`);
    return 'failed';
  } finally {
    finished.abort();
  }
}
