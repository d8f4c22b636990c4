import { once } from 'node:events';
import { connect } from 'node:net';
import { fastifyAdapter } from '../http/fastify.ts';
import { routes } from '../http/routes.ts';
import { inject, injectAsync, onShutdown } from '../injection/context.ts';
import { InjectionToken } from '../injection/token.ts';
import { defineModule } from '../module/module.ts';
import { createApp } from './app.ts';
import { HEALTH_CHECK } from './health.ts';

const quiet = { logger: false, shutdown: false } as const;

describe('life cycle', () => {
  test('starts dependencies first, ends them last, hooks of factories among them', async () => {
    const events: string[] = [];
    class Pool {
      onInit(): void {
        events.push('init pool');
      }
      async onShutdown(): Promise<void> {
        events.push('end pool');
      }
    }
    class Store {
      readonly pool = inject(Pool);
      onInit(): void {
        events.push('init store');
      }
      onShutdown(): void {
        events.push('end store');
      }
    }
    const QUEUE = new InjectionToken<object>('QUEUE');
    const queue = async (): Promise<object> => {
      onShutdown(() => void events.push('end queue'));
      return { store: await injectAsync(Store) };
    };
    const app = await createApp(
      defineModule({ providers: [{ provide: QUEUE, async: true, useFactory: queue }, Store, Pool] }),
      quiet,
    );
    await app.close();
    expect(events).toEqual(['init pool', 'init store', 'end queue', 'end store', 'end pool']);
  });

  test('values that were given are not ended', async () => {
    const VALUE = new InjectionToken<{ onShutdown(): void }>('VALUE');
    let ended = 0;
    const value = { onShutdown: () => void ended++ };
    const app = await createApp(defineModule({ providers: [{ provide: VALUE, useValue: value }] }), quiet);
    await app.close();
    expect(ended).toBe(0);
  });

  test('a hook that fails keeps no other from running, and is reported', async () => {
    const events: string[] = [];
    class First {
      onShutdown(): void {
        events.push('first');
      }
    }
    class Second {
      readonly first = inject(First);
      onShutdown(): void {
        throw new Error('stuck');
      }
    }
    const app = await createApp(defineModule({ providers: [First, Second] }), quiet);
    await expect(app.close()).rejects.toMatchObject({
      code: 'KRP8204',
      message: expect.stringContaining('1 shutdown hook(s) failed: Second'),
      cause: { errors: [new Error('stuck')] },
    });
    expect(events).toEqual(['first']);
  });

  test('a hook that never ends is given up at the deadline, by name', async () => {
    class Stuck {
      onShutdown(): Promise<void> {
        return new Promise(() => {});
      }
    }
    const app = await createApp(defineModule({ providers: [Stuck] }), { logger: false, shutdown: { deadlineMs: 20 } });
    await expect(app.close()).rejects.toThrow('KRP8203: shutdown did not finish within 20 ms; still busy: Stuck');
  });

  test('what was opened before a failed start is closed, and the failure is the one reported', async () => {
    const events: string[] = [];
    class Pool {
      onShutdown(): void {
        events.push('end pool');
      }
    }
    class Broken {
      readonly pool = inject(Pool);
      constructor() {
        onShutdown(() => void events.push('end half-built'));
        throw new Error('cannot start');
      }
    }
    await expect(createApp(defineModule({ providers: [Broken, Pool] }), quiet)).rejects.toThrow('cannot start');
    expect(events).toEqual(['end half-built', 'end pool']);
  });

  test('a closed app says so', async () => {
    const app = await createApp(defineModule({}), quiet);
    await Promise.all([app.close(), app.close()]);
    await expect(app.inject('/')).rejects.toThrow('KRP8202: the app was asked to answer a request after it was closed');
    await expect(app.listen({ port: 0 })).rejects.toThrow(/KRP8202/);
  });
});

describe('listening', () => {
  test('an address in use is refused with what to do', async () => {
    const first = await createApp(defineModule({}), quiet);
    const { port } = await first.listen({ port: 0 });
    const second = await createApp(defineModule({}), quiet);
    await expect(second.listen({ port })).rejects.toThrow(
      new RegExp(
        `KRP8201: cannot listen on 127.0.0.1:${port}: another process listens there \\(EADDRINUSE\\)\n  hint: choose`,
      ),
    );
    await second.close();
    await first.close();
  });

  test.each([Number.NaN, -1, 1.5, 65_536])('%p is no port', async (port) => {
    const app = await createApp(defineModule({}), quiet);
    await expect(app.listen({ port })).rejects.toThrow(
      `KRP8201: cannot listen on 127.0.0.1:${port}: a port is a whole number from 0 to 65535`,
    );
    await app.close();
  });

  test('a request in flight is answered while the app closes, and its connection ends', async () => {
    let finish = (): void => {};
    const entered = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = routes('/slow', {
      'GET /': async () => {
        finish();
        await released;
        return 'done';
      },
    });
    const app = await createApp(defineModule({ routes: [slow] }), quiet);
    const { port } = await app.listen({ port: 0 });
    const socket = connect(port, '127.0.0.1');
    const idle = connect(port, '127.0.0.1');
    await Promise.all([once(socket, 'connect'), once(idle, 'connect')]);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.write('GET /slow HTTP/1.1\r\nhost: shop\r\nconnection: keep-alive\r\n\r\n');
    await entered;
    const closed = app.close();
    const idleEnd = once(idle.resume(), 'close');
    await idleEnd;
    const socketEnd = once(socket, 'close');
    release();
    await Promise.all([closed, socketEnd]);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(text).toMatch(/\r\nconnection: close\r\n/i);
    expect(text).toMatch(/\r\n\r\ndone$/);
  });

  test('a request that never ends is cut before the deadline, so that hooks still run', async () => {
    const events: string[] = [];
    let entered = (): void => {};
    const arrived = new Promise<void>((resolve) => {
      entered = resolve;
    });
    class Store {
      onShutdown(): void {
        events.push('end store');
      }
    }
    const hang = routes('/hang', {
      'GET /': () => {
        entered();
        return new Promise(() => {});
      },
    });
    const app = await createApp(defineModule({ providers: [Store], routes: [hang] }), {
      logger: false,
      shutdown: { deadlineMs: 400 },
    });
    const { port } = await app.listen({ port: 0 });
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET /hang HTTP/1.1\r\nhost: shop\r\n\r\n');
    await arrived;
    await app.close();
    expect(events).toEqual(['end store']);
  });
});

test('plugins and hooks of `configure` are there before the first route', async () => {
  const seen: string[] = [];
  const http = fastifyAdapter({
    configure: (instance) => {
      instance.addHook('onRoute', ({ url }) => void seen.push(url));
      instance.addHook('onRequest', async (_request, answer) => void answer.header('x-door', 'open'));
    },
  });
  const app = await createApp(defineModule({ routes: [routes('/tea', { 'GET /': () => 'tea' })] }), { ...quiet, http });
  expect((await app.inject('/tea')).headers['x-door']).toBe('open');
  expect(seen).toContain('/tea');
  await app.close();
});

describe('health', () => {
  const checkOf = (check: () => void | Promise<void>) =>
    defineModule({ providers: [{ provide: HEALTH_CHECK, multi: true, useValue: { name: 'database', check } }] });

  test('live and ready answer 200 when nothing is wrong', async () => {
    const app = await createApp(
      checkOf(() => {}),
      quiet,
    );
    expect((await app.inject('/health/live')).json()).toEqual({ status: 'ok' });
    expect((await app.inject('/health/ready')).json()).toEqual({ status: 'ok', checks: { database: 'ok' } });
    await app.close();
  });

  test.each([
    ['throws', () => Promise.reject(new Error('password is 1234')), 2000],
    ['does not answer in time', () => new Promise<void>(() => {}), 5],
  ])('ready answers 503 when a check %s, and does not say why', async (_, check, timeoutMs) => {
    const app = await createApp(checkOf(check), { ...quiet, health: { timeoutMs, path: '/probe' } });
    const response = await app.inject('/probe/ready');
    expect(response.status).toBe(503);
    expect(response.json()).toEqual({ status: 'unavailable', checks: { database: 'failed' } });
    expect((await app.inject('/probe/live')).status).toBe(200);
    await app.close();
  });

  test('`health: false` leaves the paths to the application', async () => {
    const app = await createApp(defineModule({}), { ...quiet, health: false });
    expect((await app.inject('/health/live')).status).toBe(404);
    await app.close();
  });
});
