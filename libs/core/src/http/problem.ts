import { STATUS_CODES } from 'node:http';
import { InjectionToken } from '../injection/token.ts';
import { type HttpReply, reply } from './reply.ts';

/** Members of a problem document beside its status. Source: RFC 9457, section 3.1. */
export interface ProblemOptions {
  /** What happened this time, for a human. */
  readonly detail?: string;
  /** A URI that names the kind of problem. Default: `about:blank`, which says no more than the status. */
  readonly type?: string;
  /** The kind of problem in a few words. Default: the status' phrase. */
  readonly title?: string;
  /** Members of your own, such as `code` or `errors`. They cannot replace the standard ones. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** What led to it; logged, never sent. */
  readonly cause?: unknown;
}

/**
 * An error that is answered as `application/problem+json`. Throw it from a handler, or from code a handler calls.
 *
 * @example
 * ```ts
 * throw new Problem(404, { detail: `there is no order ${id}`, extensions: { code: 'ORDER_UNKNOWN' } });
 * ```
 * Source: RFC 9457, https://www.rfc-editor.org/rfc/rfc9457
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(status: number, options: ProblemOptions = {}) {
    const title = options.title ?? STATUS_CODES[status] ?? 'Error';
    super(options.detail ?? title, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.type = options.type ?? 'about:blank';
    this.title = title;
    this.detail = options.detail;
    this.extensions = options.extensions ?? {};
  }
}

/** Turns an error of the application into a problem, or gives `undefined` for one it does not know. */
export type ProblemMapper = (error: unknown) => Problem | undefined;

/**
 * Mappers of any module (`multi`), asked in start order before an unknown error becomes a 500. They keep HTTP statuses out
 * of domain and application code.
 *
 * @example
 * ```ts
 * { provide: PROBLEM_MAPPER, multi: true, useValue: (error: unknown) =>
 *   error instanceof UnknownOrder ? new Problem(404, { detail: error.message }) : undefined }
 * ```
 */
export const PROBLEM_MAPPER = new InjectionToken<ProblemMapper>('PROBLEM_MAPPER');

/** The reply that carries a problem. `instance` is the path asked for, `requestId` leads to the log lines. */
export function problemReply(problem: Problem, request: { readonly id: string; readonly url: string }): HttpReply {
  const { type, title, status, detail, extensions } = problem;
  const [instance] = request.url.split('?', 1);
  const document = { ...extensions, type, title, status, detail, instance, requestId: request.id };
  // Serialised here: a server would replace the media type or wrap it for an object.
  return reply(status, JSON.stringify(document), { 'content-type': 'application/problem+json' });
}

/** An error as a problem: itself, what a mapper makes of it, a server's own 4xx, or a 500 that tells nothing. */
export function toProblem(error: unknown, mappers: readonly ProblemMapper[]): Problem {
  if (error instanceof Problem) return error;
  for (const mapper of mappers) {
    const problem = mapper(error);
    if (problem !== undefined) return problem;
  }
  const { statusCode, code, message } = (error ?? {}) as { statusCode?: unknown; code?: unknown; message?: unknown };
  if (error instanceof Error && typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    const extensions = typeof code === 'string' ? { code } : {};
    return new Problem(statusCode, { detail: String(message), extensions, cause: error });
  }
  return new Problem(500, { cause: error });
}
