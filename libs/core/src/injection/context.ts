import { KrepisError } from '../errors.ts';
import type { Token } from './token.ts';

/** How a dependency is asked for. */
export interface InjectOptions {
  /** `undefined` (with `multi`: an empty list) instead of an error if nothing provides the token. */
  readonly optional?: boolean;
  /** A function that gives the value when called; the way out of a circle. */
  readonly lazy?: boolean;
  /** Every visible provider's value, those of imported modules first. */
  readonly multi?: boolean;
}

/** What resolves tokens for the code that runs at the moment; the container implements it. */
export interface InjectionContext {
  resolve(token: Token, options: InjectOptions): unknown;
  resolveAsync(token: Token, options: InjectOptions): Promise<unknown>;
  onShutdown(hook: ShutdownHook): void;
}

/** Ends something: closes a pool, stops a timer, flushes a buffer. */
export type ShutdownHook = () => void | Promise<void>;

let current: InjectionContext | undefined;

/**
 * Runs `callback` with `context` as the one {@link inject} uses. The previous context is back when `callback` *returns*,
 * before any promise it returned has settled: code after an `await` never sees a context that is not its own.
 */
export function runInContext<T>(context: InjectionContext, callback: () => T): T {
  const previous = current;
  current = context;
  try {
    return callback();
  } finally {
    current = previous;
  }
}

/**
 * Gives a dependency to the code that is being built or called: in a field initialiser, a constructor, a provider
 * factory, a `routes()` factory or a route handler; in async code only before the first `await`.
 *
 * @param token what is asked for: a class or an {@link InjectionToken}
 * @param options `optional`, `lazy`, `multi`
 * @throws KrepisError KRP8001 outside such code, KRP8002 without a visible provider, KRP8003 in a circle, KRP8004 if an
 *   async provider is not ready, KRP8005 if several provide it and `multi` is not set
 *
 * @example
 * ```ts
 * class BillingService {
 *   readonly #orders = inject(ORDER_REPOSITORY);
 * }
 * ```
 */
export function inject<T>(token: Token<T>, options: { readonly multi: true; readonly lazy: true }): () => T[];
export function inject<T>(token: Token<T>, options: { readonly multi: true; readonly optional?: boolean }): T[];
export function inject<T>(
  token: Token<T>,
  options: { readonly lazy: true; readonly optional: true },
): () => T | undefined;
export function inject<T>(token: Token<T>, options: { readonly lazy: true }): () => T;
export function inject<T>(token: Token<T>, options: { readonly optional: true }): T | undefined;
export function inject<T>(token: Token<T>, options?: InjectOptions): T;
export function inject(token: Token, options: InjectOptions = {}): unknown {
  return contextFor('inject').resolve(token, options);
}

/**
 * Like {@link inject} for dependencies that may still be under construction: waits for async factories, and for the
 * `static inject` of classes. Call it in the synchronous part of an async factory (ask for several at once with
 * `Promise.all`).
 *
 * @example
 * ```ts
 * { provide: ORDER_REPOSITORY, async: true, useFactory: async () => new SqlOrders(await injectAsync(POOL)) }
 * ```
 */
export function injectAsync<T>(
  token: Token<T>,
  options: { readonly multi: true; readonly optional?: boolean },
): Promise<T[]>;
export function injectAsync<T>(token: Token<T>, options: { readonly optional: true }): Promise<T | undefined>;
export function injectAsync<T>(token: Token<T>, options?: Omit<InjectOptions, 'lazy'>): Promise<T>;
export function injectAsync(token: Token, options: InjectOptions = {}): Promise<unknown> {
  // Not an async function: called outside a context it throws at the call, not in a promise nobody awaits.
  return contextFor('injectAsync').resolveAsync(token, options);
}

/**
 * Registers what ends the thing being built, for factories that have no class with an `onShutdown()` method. Hooks run in
 * reverse dependency order: whatever uses this provider has ended before.
 *
 * @example
 * ```ts
 * { provide: POOL, useFactory: () => { const pool = new Pool(); onShutdown(() => pool.end()); return pool; } }
 * ```
 */
export function onShutdown(hook: ShutdownHook): void {
  contextFor('onShutdown').onShutdown(hook);
}

function contextFor(what: string): InjectionContext {
  if (current === undefined) throw new KrepisError('OUTSIDE_CONTEXT', { what });
  return current;
}
