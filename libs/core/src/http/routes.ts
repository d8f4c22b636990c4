import { KrepisError } from '../errors.ts';
import { type HttpRequest, METHODS, type Method, type PathParameters, type Query } from './request.ts';
import type { SchemaOutput, StandardSchema } from './standard-schema.ts';
import type { RouteSchemas } from './validation.ts';

const ROUTES = Symbol.for('@krepis/core/routes');
const ROUTE = Symbol.for('@krepis/core/route');

/**
 * Answers a request: with a value (200; 204 for `undefined`), with `reply(…)`, or by throwing. It runs in an injection
 * context of the module that lists the route: `inject()` works until the first `await`.
 */
export type Handler<Request = HttpRequest> = (request: Request) => unknown;

/** A handler with the schemas its request must fit; made by {@link route}. */
export interface RouteDefinition<Parameters> {
  readonly [ROUTE]: true;
  readonly schemas: RouteSchemas;
  readonly handler: Handler<HttpRequest<Parameters, never, never>>;
}

/** `'GET /:id'`: a method, one space, a path. */
export type RouteKey = `${Method} /${string}`;

type ParametersOf<Prefix extends string, Key> = Key extends `${string} ${infer Path}`
  ? PathParameters<`${Prefix}${Path}`>
  : never;

/** Routes by key; `request.params` has exactly the parameters of prefix and key. */
export type RouteTable<Prefix extends string, Keys extends RouteKey> = {
  readonly [Key in Keys]: Handler<HttpRequest<ParametersOf<Prefix, Key>>> | RouteDefinition<ParametersOf<Prefix, Key>>;
};

/** One route as it was read from a table. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly schemas: RouteSchemas;
  readonly handler: Handler;
}

/** Routes under a prefix; made by {@link routes}, listed in a module. */
export interface Routes {
  readonly prefix: string;
  /** The routes. Called once per app, in an injection context of the module that lists them. */
  readonly read: () => readonly Route[];
}

type PartOf<Schema, Default> = Schema extends StandardSchema ? SchemaOutput<Schema> : Default;

/**
 * A handler whose request is checked first; a request that does not fit is answered with a 400 problem.
 *
 * @param schemas any Standard Schema (zod, Valibot, ArkType, …) for `params`, `query`, `body`
 *
 * @example
 * ```ts
 * routes('/orders', {
 *   'POST /': route({ body: z.object({ customer: z.string() }) }, (request) => request.body.customer),
 * })
 * ```
 */
export function route<const Schemas extends RouteSchemas, Parameters = Readonly<Record<string, string>>>(
  schemas: Schemas,
  handler: Handler<
    HttpRequest<
      PartOf<Schemas['params'], Parameters>,
      PartOf<Schemas['query'], Query>,
      PartOf<Schemas['body'], unknown>
    >
  >,
): RouteDefinition<Parameters> {
  return { [ROUTE]: true, schemas, handler: handler as unknown as RouteDefinition<Parameters>['handler'] };
}

/**
 * Declares HTTP routes without decorators.
 *
 * @param prefix begins with `/`; put before every path
 * @param table handlers by `'METHOD /path'`, or a function that returns them. The function runs once per app: what it
 *   injects is shared by its handlers. Handlers of a plain table inject at each call.
 * @throws KrepisError KRP8105 if a key, a path or a handler is not of that form
 *
 * @example
 * ```ts
 * export const billingRoutes = routes('/billing', {
 *   'GET /:id': (request) => inject(BillingService).invoice(request.params.id),
 * });
 *
 * export const orderRoutes = routes('/orders', () => {
 *   const orders = inject(OrderService);
 *   return { 'GET /': () => orders.list(), 'GET /:id': (request) => orders.find(request.params.id) };
 * });
 * ```
 */
export function routes<const Prefix extends `/${string}`, Keys extends RouteKey>(
  prefix: Prefix,
  table: RouteTable<Prefix, Keys> | (() => RouteTable<Prefix, Keys>),
): Routes {
  if (typeof prefix !== 'string' || !prefix.startsWith('/')) {
    throw new KrepisError('BAD_ROUTE', { route: String(prefix), reason: 'its prefix does not begin with a slash' });
  }
  if (typeof table === 'function') {
    return Object.freeze({ [ROUTES]: true, prefix, read: () => readTable(prefix, table()) });
  }
  const read = readTable(prefix, table);
  return Object.freeze({ [ROUTES]: true, prefix, read: () => read });
}

/** Whether a value was made by {@link routes}. */
export function isRoutes(value: unknown): value is Routes {
  return typeof value === 'object' && value !== null && ROUTES in value;
}

function readTable(prefix: string, table: object): readonly Route[] {
  return Object.entries(table).map(([key, entry]) => readRoute(prefix, key, entry));
}

function readRoute(prefix: string, key: string, entry: unknown): Route {
  const [method, path, ...rest] = key.split(' ');
  const name = `'${key}' under '${prefix}'`;
  if (!METHODS.includes(method as Method)) {
    throw new KrepisError('BAD_ROUTE', { route: name, reason: `its method is not one of ${METHODS.join(', ')}` });
  }
  if (path === undefined || !path.startsWith('/') || rest.length > 0) {
    throw new KrepisError('BAD_ROUTE', {
      route: name,
      reason: 'after the method comes one space and a path with a slash',
    });
  }
  const parts = isRouteDefinition(entry) ? entry : { schemas: {}, handler: entry };
  if (typeof parts.handler !== 'function') {
    throw new KrepisError('BAD_ROUTE', { route: name, reason: 'its handler is not a function' });
  }
  return {
    method: method as Method,
    path: joinPaths(prefix, path),
    schemas: parts.schemas,
    handler: parts.handler as Handler,
  };
}

function isRouteDefinition(value: unknown): value is RouteDefinition<unknown> {
  return typeof value === 'object' && value !== null && ROUTE in value;
}

function joinPaths(prefix: string, path: string): string {
  const joined = `${prefix}${path}`.replace(/\/{2,}/g, '/').replace(/\/$/, '');
  return joined === '' ? '/' : joined;
}
