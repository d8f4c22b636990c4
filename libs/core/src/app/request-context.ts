import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from './logger.ts';

/** What belongs to the request being answered. */
export interface RequestContext {
  /** The request's id, also sent as `x-request-id`. */
  readonly id: string;
  /** A logger whose lines carry the id. */
  readonly log: Logger;
}

// The only AsyncLocalStorage of an app: each one costs every await of the process.
const storage = new AsyncLocalStorage<RequestContext>();

/** The context of the request being answered, anywhere below its handler; `undefined` outside a request. */
export function requestContext(): RequestContext | undefined {
  return storage.getStore();
}

/** Runs `callback`, and all it starts, in the context of a request. */
export function runInRequest<T>(context: RequestContext, callback: () => T): T {
  return storage.run(context, callback);
}
