import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  fastify,
  type InjectOptions,
  LogController,
} from 'fastify';
import type { Logger } from '../app/logger.ts';
import type { HttpAdapter, HttpAdapterFactory, HttpHost, HttpRoute, LoggerOption } from './adapter.ts';
import type { HttpReply } from './reply.ts';
import type { HttpRequest } from './request.ts';

/** Settings of {@link fastifyAdapter}. */
export interface FastifyAdapterOptions {
  /** Fastify's own options, such as `bodyLimit` and `trustProxy`. */
  readonly server?: Omit<FastifyServerOptions, 'logger' | 'loggerInstance' | 'genReqId'>;
  /** Registers Fastify plugins and hooks before any route: CORS, rate limits, uploads. */
  readonly configure?: (instance: FastifyInstance) => void | Promise<void>;
}

// An id from outside goes into headers and log lines: only what is harmless in both is taken over.
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/**
 * The default HTTP server: Fastify 5.
 *
 * @example
 * ```ts
 * createApp(appModule, { http: fastifyAdapter({ configure: (fastify) => void fastify.register(cors) }) });
 * ```
 */
export function fastifyAdapter(options: FastifyAdapterOptions = {}): HttpAdapterFactory {
  return (host) => {
    const instance = fastify({
      routerOptions: { ignoreTrailingSlash: true },
      // While closing, requests that are already on a connection are answered, not turned away.
      return503OnClosing: false,
      ...options.server,
      logger: loggerSettings(host.logger),
      logController: new LogController({ requestIdLogLabel: 'requestId' }),
      genReqId: requestId,
    }) as FastifyInstance;
    return adapt(instance, host, options.configure);
  };
}

function adapt(instance: FastifyInstance, host: HttpHost, configure: FastifyAdapterOptions['configure']): HttpAdapter {
  const routes: HttpRoute[] = [];
  const sockets = new Set<Socket>();
  let isClosing = false;

  instance.server.on('connection', (socket: Socket) => {
    // The kernel may have accepted it before the server stopped listening.
    if (isClosing) socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  instance.setErrorHandler((error, request, reply) => send(reply, host.fail(error, toRequest(request))));
  instance.setNotFoundHandler((request, reply) => send(reply, host.missing(toRequest(request))));
  // A keep-alive client would hold the server open until its own timeout (NestJS FAQ, "keep-alive connections").
  instance.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
  instance.addHook('onResponse', async () => {
    if (isClosing) setImmediate(() => instance.server.closeIdleConnections());
  });

  return {
    log: instance.log as Logger,
    native: instance,
    route: (route) => void routes.push(route),

    async ready() {
      await configure?.(instance);
      // As a plugin, so that hooks and plugins of `configure` are there before the first route.
      instance.register(async (scope) => {
        for (const { method, path, handle } of routes) {
          scope.route({
            method,
            url: path,
            handler: async (request, reply) => send(reply, await handle(toRequest(request))),
          });
        }
      });
      await instance.ready();
    },

    async listen({ host, port }) {
      await instance.listen({ host, port });
      const address = instance.server.address() as AddressInfo;
      const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      return { host: address.address, port: address.port, url: `http://${name}:${address.port}` };
    },

    async inject({ method = 'GET', url, headers = {}, body }) {
      const request = { method: method as InjectOptions['method'] & string, url, headers };
      const response = await instance.inject(body === undefined ? request : { ...request, payload: body });
      return {
        status: response.statusCode,
        headers: response.headers as Readonly<Record<string, string | readonly string[] | undefined>>,
        text: response.body,
        json: <T>() => response.json<T>(),
      };
    },

    async close() {
      isClosing = true;
      // Node counts a connection that has not sent anything yet (a browser's preconnect) as busy, not as idle.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      await instance.close();
    },

    destroyConnections: () => instance.server.closeAllConnections(),
  };
}

function loggerSettings(option: LoggerOption): boolean | { level: string; stream?: { write(line: string): void } } {
  if (option === false) return false;
  const settings = option === true ? {} : option;
  return { level: process.env.LOG_LEVEL ?? 'info', ...settings };
}

function requestId(request: IncomingMessage): string {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && REQUEST_ID.test(sent) ? sent : randomUUID();
}

function toRequest(request: FastifyRequest): HttpRequest {
  return {
    id: request.id,
    method: request.method,
    url: request.url,
    params: request.params as HttpRequest['params'],
    query: request.query as HttpRequest['query'],
    headers: request.headers,
    body: request.body,
    log: request.log as Logger,
    native: request,
  };
}

function send(reply: FastifyReply, { status, headers, body }: HttpReply): FastifyReply {
  reply
    .code(status)
    .headers(headers as Record<string, string>)
    .header('x-request-id', reply.request.id);
  // Fastify sends nothing for null, which is a JSON value as good as any.
  if (body === null) return reply.type('application/json').send('null');
  return reply.send(body);
}
