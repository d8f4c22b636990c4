import { setTimeout as delay } from 'node:timers/promises';
import { KrepisError } from '../errors.ts';
import type {
  Address,
  HttpAdapter,
  HttpAdapterFactory,
  InjectRequest,
  InjectResponse,
  ListenOptions,
  LoggerOption,
} from '../http/adapter.ts';
import { fastifyAdapter } from '../http/fastify.ts';
import { PROBLEM_MAPPER, Problem, type ProblemMapper, problemReply } from '../http/problem.ts';
import type { HttpReply } from '../http/reply.ts';
import type { HttpRequest } from '../http/request.ts';
import { type Route, routes } from '../http/routes.ts';
import { Container } from '../injection/container.ts';
import { runInContext } from '../injection/context.ts';
import type { NormalizedProvider } from '../injection/provider.ts';
import type { Token } from '../injection/token.ts';
import { linkModules } from '../module/graph.ts';
import type { Module } from '../module/module.ts';
import { dispatch, failureReply } from './dispatch.ts';
import { answerLive, answerReady, HEALTH_CHECK, type HealthCheck, type HealthOptions } from './health.ts';
import { initialize, terminate } from './life-cycle.ts';
import { contextLogger, LOGGER, type Logger } from './logger.ts';
import { type Overrides, OverrideTable } from './overrides.ts';
import { type ShutdownOptions, stop, stopOnSignals } from './shutdown.ts';

/** Settings of {@link createApp}. */
export interface AppOptions {
  /** Default `true`: pino, one JSON line per event on stdout, level `$LOG_LEVEL` or `info`. */
  readonly logger?: LoggerOption;
  /** `GET /health/live` and `GET /health/ready`. Default on. */
  readonly health?: boolean | HealthOptions;
  /** Signals, grace and deadline of a shutdown. `false` leaves signals alone. Default on. */
  readonly shutdown?: false | ShutdownOptions;
  /** The HTTP server. Default `fastifyAdapter()`. */
  readonly http?: HttpAdapterFactory;
}

/** A started app: every singleton is built, `onInit()` hooks have run, routes are registered. */
export interface App {
  /** What `inject(LOGGER)` gives. */
  readonly log: Logger;
  /** The HTTP server's port; `http.native` is Fastify's instance, by default. */
  readonly http: HttpAdapter;
  /** A dependency as the root module sees it. */
  get<T>(token: Token<T>): T;
  /** Answers a request without a socket. A string is the URL of a `GET`. */
  inject(request: InjectRequest | string): Promise<InjectResponse>;
  /**
   * Accepts connections, and from then on ends gracefully on SIGTERM and SIGINT.
   *
   * @throws KrepisError KRP8201 if the address cannot be had
   */
  listen(options?: ListenOptions): Promise<Address>;
  /**
   * Answers requests in flight, then runs shutdown hooks in reverse dependency order. Calling it again waits for the same
   * end.
   *
   * @throws KrepisError KRP8203 beyond the deadline, KRP8204 if hooks failed
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const DEFAULT_DEADLINE_MS = 10_000;
const DEFAULT_HEALTH_TIMEOUT_MS = 2_000;

/**
 * Builds an app from its root module: links the modules, builds every singleton (async factories are awaited), runs
 * `onInit()` hooks and registers the routes. What is missing, doubled or circular is refused here, not at the first request.
 *
 * @param root the module that imports all others
 * @throws KrepisError KRP80xx and KRP81xx for modules that do not fit together; what a provider threw
 *
 * @example
 * ```ts
 * const app = await createApp(appModule);
 * const { url } = await app.listen({ port: 3000 });
 * ```
 */
export async function createApp(root: Module, options: AppOptions = {}): Promise<App> {
  const { app } = await startApp(root, options, new Map());
  return app;
}

/** {@link createApp} with overrides, and with the container that tests look into. */
export async function startApp(
  root: Module,
  options: AppOptions,
  overrides: Overrides,
): Promise<{ readonly app: App; readonly container: Container }> {
  const table = new OverrideTable(overrides);
  const scopes = linkModules(root, table.replace);

  let mappers: readonly ProblemMapper[] = [];
  const fail = (error: unknown, request: HttpRequest): HttpReply => failureReply(error, request, mappers);
  const http = (options.http ?? fastifyAdapter())({ logger: options.logger ?? true, fail, missing });
  const log = contextLogger(http.log);

  const own: readonly NormalizedProvider[] = [
    { token: LOGGER, recipe: { kind: 'value', value: log }, lifetime: 'singleton', multi: false },
  ];
  const container = new Container(scopes, [...own, ...table.shared(own)]);
  const readiness = { isReady: true };
  const valuesOf = <T>(token: Token<T>): readonly T[] =>
    container.everywhere(token).map((binding) => container.valueOf(binding) as T);

  try {
    await container.start();
    await initialize(container.built);
    mappers = valuesOf(PROBLEM_MAPPER);
    registerRoutes(container, http, fail);
    registerHealth(container, http, fail, options.health ?? true, readiness, valuesOf(HEALTH_CHECK), log);
    await http.ready();
  } catch (error) {
    // What had been opened before the failure is closed; a failing hook has been logged and does not hide the cause.
    await terminate(container.built, log, () => {}).catch(() => {});
    await http.close().catch(() => {});
    throw error;
  }
  return { app: control(container, http, log, options.shutdown ?? {}, readiness), container };
}

function control(
  container: Container,
  http: HttpAdapter,
  log: Logger,
  shutdown: false | ShutdownOptions,
  readiness: { isReady: boolean },
): App {
  const { signals = ['SIGTERM', 'SIGINT'], graceMs = 0, deadlineMs = DEFAULT_DEADLINE_MS } = shutdown || {};
  const context = container.contextOf(container.root, 'the app');
  let closed: Promise<void> | undefined;
  let forgetSignals = (): void => {};

  function close(): Promise<void> {
    closed ??= end();
    return closed;
  }

  async function end(): Promise<void> {
    readiness.isReady = false;
    forgetSignals();
    const app = {
      drain: () => http.close(),
      cut: () => http.destroyConnections(),
      end: (entering: (name: string) => void) => terminate(container.built, log, entering),
    };
    await stop(app, deadlineMs, log);
  }

  async function closeOnSignal(signal: NodeJS.Signals): Promise<void> {
    log.info({ signal, graceMs, deadlineMs }, 'shutting down');
    readiness.isReady = false;
    await delay(graceMs);
    await close();
    log.info('shut down');
  }

  function refuseIfClosed(what: string): void {
    if (closed !== undefined) throw new KrepisError('CLOSED', { what });
  }

  return {
    log,
    http,

    get<T>(token: Token<T>): T {
      return context.resolve(token, {}) as T;
    },

    async inject(request) {
      refuseIfClosed('answer a request');
      return http.inject(typeof request === 'string' ? { url: request } : request);
    },

    async listen({ port = 3000, host = '127.0.0.1' } = {}) {
      refuseIfClosed('listen');
      if (!Number.isInteger(port) || port < 0 || port > 65_535) {
        const reason = 'a port is a whole number from 0 to 65535';
        throw new KrepisError('CANNOT_LISTEN', { address: `${host}:${port}`, reason });
      }
      let address: Address;
      try {
        address = await http.listen({ port, host });
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        const reason = code === 'EADDRINUSE' ? 'another process listens there (EADDRINUSE)' : message;
        throw new KrepisError('CANNOT_LISTEN', { address: `${host}:${port}`, reason }, { cause: error });
      }
      if (shutdown !== false) forgetSignals = stopOnSignals(signals, closeOnSignal, log);
      return address;
    },

    close,
    [Symbol.asyncDispose]: close,
  };
}

function registerRoutes(
  container: Container,
  http: HttpAdapter,
  fail: (error: unknown, request: HttpRequest) => HttpReply,
): void {
  const owners = new Map<string, string>();
  for (const scope of container.scopes) {
    for (const { prefix, read } of scope.module.routes) {
      const table: readonly Route[] = runInContext(container.contextOf(scope, `routes of ${prefix}`), read);
      for (const route of table) {
        const name = `${route.method} ${route.path}`;
        // Two parameters in the same place match the same requests, whatever their names.
        const key = name.replace(/:[^/]+/g, ':');
        const first = owners.get(key);
        if (first !== undefined) throw new KrepisError('DUPLICATE_ROUTE', { route: name, first, second: scope.name });
        owners.set(key, scope.name);
        http.route(dispatch(route, container.contextOf(scope, name), fail));
      }
    }
  }
}

function registerHealth(
  container: Container,
  http: HttpAdapter,
  fail: (error: unknown, request: HttpRequest) => HttpReply,
  option: boolean | HealthOptions,
  readiness: { readonly isReady: boolean },
  checks: readonly HealthCheck[],
  log: Logger,
): void {
  if (option === false) return;
  const { path = '/health', timeoutMs = DEFAULT_HEALTH_TIMEOUT_MS } = option === true ? {} : option;
  const table = routes(path, {
    'GET /live': answerLive,
    'GET /ready': () => answerReady(readiness.isReady, checks, timeoutMs, log),
  });
  const context = container.contextOf(container.root, 'health');
  for (const route of table.read()) http.route(dispatch(route, context, fail));
}

function missing(request: HttpRequest): HttpReply {
  const [path] = request.url.split('?', 1);
  return problemReply(new Problem(404, { detail: `there is no ${request.method} ${path}` }), request);
}
