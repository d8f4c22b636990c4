import { type App, type AppOptions, startApp } from '../app/app.ts';
import { KrepisError } from '../errors.ts';
import type { Address, InjectRequest, InjectResponse, ListenOptions } from '../http/adapter.ts';
import type { Container } from '../injection/container.ts';
import { describeToken, type Token } from '../injection/token.ts';
import type { Module } from '../module/module.ts';
import { LeakWatch } from './leaks.ts';

/** Settings of {@link createTestApp}: those of an app, silent by default. */
export interface TestAppOptions extends Omit<AppOptions, 'shutdown'> {
  /** Fail at `close()` if the app left timers, sockets, processes or watchers open. Default `true`. */
  readonly leaks?: boolean;
}

/** What can stand in for a `T`: its public part, since a fake cannot have a class's private fields. */
export type StandIn<T> = { readonly [Key in keyof T]: T[Key] };

interface Started {
  readonly app: App;
  readonly container: Container;
}

/** An app under test. It starts at the first `inject()`, `get()`, `listen()` or `start()`. */
export class TestApp {
  readonly #root: Module;
  readonly #options: TestAppOptions;
  readonly #overrides = new Map<Token, unknown>();
  #leaks: LeakWatch | undefined;
  #started: Promise<Started> | undefined;

  /** @internal Use {@link createTestApp}. */
  constructor(root: Module, options: TestAppOptions) {
    this.#root = root;
    this.#options = options;
  }

  /**
   * Puts `value` in the place of every provider of `token`, in every module.
   *
   * @throws KrepisError KRP8903 after the app has started; at the start KRP8901 if nothing provides the token
   */
  override<T>(token: Token<T>, value: StandIn<NoInfer<T>>): this {
    if (this.#started !== undefined) throw new KrepisError('LATE_OVERRIDE', { token: describeToken(token) });
    this.#overrides.set(token, value);
    return this;
  }

  /** Starts the app, if it has not been; gives the app itself. */
  async start(): Promise<App> {
    return (await this.#start()).app;
  }

  /** Answers a request without a socket. A string is the URL of a `GET`. */
  async inject(request: InjectRequest | string): Promise<InjectResponse> {
    const { app } = await this.#start();
    return this.#watched(() => app.inject(request));
  }

  /**
   * A dependency as the root module sees it or, if it does not, of the one module that provides it.
   *
   * @throws KrepisError KRP8002 if no module provides it
   */
  async get<T>(token: Token<T>): Promise<T> {
    const { app, container } = await this.#start();
    const [binding, ...others] = container.everywhere(token);
    const isHidden = binding !== undefined && others.length === 0 && container.root.visible(token).length === 0;
    return this.#watched(() => (isHidden ? (container.valueOf(binding) as T) : app.get(token)));
  }

  /** Accepts connections; by default on any free port of 127.0.0.1. */
  async listen(options: ListenOptions = {}): Promise<Address> {
    const { app } = await this.#start();
    return this.#watched(() => app.listen({ port: 0, ...options }));
  }

  /**
   * Closes the app and looks for what it left open.
   *
   * @throws KrepisError KRP8902 if it left something open, else what `App.close()` throws
   */
  async close(): Promise<void> {
    // An app that failed to start has cleaned up after itself, and the test has seen why.
    const started = await this.#started?.catch(() => undefined);
    const failure = await started?.app.close().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const leaks = (await this.#leaks?.finish()) ?? [];
    if (leaks.length > 0) {
      const values = { count: leaks.length, resources: leaks.join('; ') };
      throw new KrepisError('LEAK', values, { cause: failure?.error });
    }
    if (failure !== undefined) throw failure.error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #start(): Promise<Started> {
    const options: AppOptions = { logger: false, ...this.#options, shutdown: false };
    if (this.#started === undefined && (this.#options.leaks ?? true)) this.#leaks = new LeakWatch();
    this.#started ??= this.#watched(() => startApp(this.#root, options, this.#overrides));
    return this.#started;
  }

  #watched<T>(callback: () => T): T {
    return this.#leaks === undefined ? callback() : this.#leaks.run(callback);
  }
}

/**
 * An app for tests: no socket, no log, no signals; overrides instead of mocked modules.
 *
 * @param module the module under test; need not be the application's root
 *
 * @example
 * ```ts
 * const app = createTestApp(ordersModule).override(CLOCK, { now: () => noon });
 * const response = await app.inject({ method: 'POST', url: '/orders', body: { customer: 'c-1' } });
 * assert.equal(response.status, 201);
 * await app.close();
 * ```
 */
export function createTestApp(module: Module, options: TestAppOptions = {}): TestApp {
  return new TestApp(module, options);
}
