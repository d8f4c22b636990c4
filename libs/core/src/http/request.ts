import type { Logger } from '../app/logger.ts';

/** The methods a route can have. A `HEAD` request is answered by the `GET` route of its path. */
export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** One of {@link METHODS}. */
export type Method = (typeof METHODS)[number];

/** A query as it was parsed: a parameter that was repeated is a list. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Request headers, names in lower case. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a handler is called with. */
export interface HttpRequest<Parameters = Readonly<Record<string, string>>, QueryType = Query, Body = unknown> {
  /** The request's id: its `x-request-id` header if that is well formed, else a new UUID. */
  readonly id: string;
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  /** Values of the `:parameters` in the route's path. */
  readonly params: Parameters;
  readonly query: QueryType;
  readonly headers: Headers;
  /** The parsed body; `undefined` without one. */
  readonly body: Body;
  /** A logger whose lines carry the request's id. */
  readonly log: Logger;
  /** The server's own request (Fastify's, by default). The documented way out, for what this type leaves out. */
  readonly native: unknown;
}

/** The names of the `:parameters` in a path, as the type of `request.params`. */
export type PathParameters<Path extends string> = { readonly [Name in ParameterNames<Path>]: string };

type ParameterNames<Path extends string> = Path extends `${infer Segment}/${infer Rest}`
  ? ParameterName<Segment> | ParameterNames<Rest>
  : ParameterName<Path>;

type ParameterName<Segment extends string> = Segment extends `:${infer Name}`
  ? Name
  : Segment extends '*'
    ? '*'
    : never;
