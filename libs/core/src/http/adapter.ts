import type { Logger } from '../app/logger.ts';
import type { HttpReply } from './reply.ts';
import type { HttpRequest, Method } from './request.ts';

/** Where to listen. */
export interface ListenOptions {
  /** Default 3000; 0 takes any free one. */
  readonly port?: number;
  /** Default `127.0.0.1`; a container needs `0.0.0.0`. */
  readonly host?: string;
}

/** Where an app listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
}

/** A request that reaches the app without a socket. */
export interface InjectRequest {
  /** Default `GET`. */
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: object | string;
}

/** The answer to an {@link InjectRequest}. */
export interface InjectResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as text. */
  readonly text: string;
  /** The body parsed as JSON. */
  json<T = unknown>(): T;
}

/** A route as a server registers it. */
export interface HttpRoute {
  readonly method: Method;
  readonly path: string;
  /** Answers; never rejects. */
  readonly handle: (request: HttpRequest) => Promise<HttpReply>;
}

/** What the framework does for a server. */
export interface HttpHost {
  /** What the app's `logger` option was. */
  readonly logger: LoggerOption;
  /** Answers what failed before or after a route's handler: a body that does not parse, a value that is not JSON. */
  readonly fail: (error: unknown, request: HttpRequest) => HttpReply;
  /** Answers a request without a route. */
  readonly missing: (request: HttpRequest) => HttpReply;
}

/** `true`: pino, one JSON line per event on stdout. An object: pino's level, and where lines go. */
export type LoggerOption = boolean | { readonly level?: string; readonly stream?: { write(line: string): void } };

/**
 * The port to an HTTP server. The framework decides what is answered; an adapter only converts. Order of calls: `route` any
 * number of times, `ready`, then `listen` or `inject`, then `close`.
 */
export interface HttpAdapter {
  readonly log: Logger;
  /** The server itself. */
  readonly native: unknown;
  route(route: HttpRoute): void;
  /** Ends preparation: after it, `route` is not called any more. Rejects if a route or a plugin cannot be registered. */
  ready(): Promise<void>;
  listen(options: Required<ListenOptions>): Promise<Address>;
  inject(request: InjectRequest): Promise<InjectResponse>;
  /** Stops accepting, ends idle connections, resolves when the last request has been answered. */
  close(): Promise<void>;
  /** Ends every connection, answered or not. */
  destroyConnections(): void;
}

/** Makes a server for an app. */
export type HttpAdapterFactory = (host: HttpHost) => HttpAdapter;
