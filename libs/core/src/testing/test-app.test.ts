import { createServer } from 'node:net';
import { routes } from '../http/routes.ts';
import { inject, onShutdown } from '../injection/context.ts';
import { InjectionToken } from '../injection/token.ts';
import { defineModule } from '../module/module.ts';
import { createTestApp } from './index.ts';

interface Clock {
  now(): string;
}
const CLOCK = new InjectionToken<Clock>('CLOCK');
const PLUGIN = new InjectionToken<string>('PLUGIN');

class Mailer {
  readonly #sent: string[] = [];
  send(text: string): number {
    return this.#sent.push(text);
  }
}

const inner = defineModule({
  name: 'inner',
  providers: [
    Mailer,
    { provide: CLOCK, useValue: { now: () => 'real' } },
    { provide: PLUGIN, multi: true, useValue: 'a' },
    { provide: PLUGIN, multi: true, useValue: 'b' },
  ],
  routes: [
    routes('/', {
      'GET /now': () => inject(CLOCK).now(),
      'GET /plugins': () => inject(PLUGIN, { multi: true }),
      'POST /mail': () => inject(Mailer).send('hello'),
    }),
  ],
});
const root = defineModule({ imports: [inner] });

describe('override', () => {
  test('reaches a provider in any module, also one that is not exported', async () => {
    const app = createTestApp(root).override(CLOCK, { now: () => 'noon' });
    expect((await app.inject('/now')).text).toBe('noon');
    await app.close();
  });

  test('a fake needs the public part of a class only', async () => {
    const app = createTestApp(root).override(Mailer, { send: () => 42 });
    expect((await app.inject({ method: 'POST', url: '/mail' })).text).toBe('42');
    await app.close();
  });

  test('one value stands for all multi providers', async () => {
    const app = createTestApp(root).override(PLUGIN, 'fake');
    expect((await app.inject('/plugins')).json()).toEqual(['fake']);
    await app.close();
  });

  test("a token's own factory can be overridden though no module provides it", async () => {
    const ZONE = new InjectionToken<string>('ZONE', { factory: () => 'UTC' });
    const app = createTestApp(defineModule({ routes: [routes('/', { 'GET /': () => inject(ZONE) })] }));
    expect((await app.override(ZONE, 'CET').inject('/')).text).toBe('CET');
    await app.close();
  });

  test('of something nobody provides is refused', async () => {
    const app = createTestApp(root).override(new InjectionToken<number>('TYPO'), 1);
    await expect(app.start()).rejects.toThrow('KRP8901: the test overrides TYPO, which no module provides');
    await app.close();
  });

  test('after the start is refused', async () => {
    const app = createTestApp(root);
    await app.start();
    expect(() => app.override(CLOCK, { now: () => 'late' })).toThrow(/KRP8903/);
    await app.close();
  });
});

describe('get', () => {
  test('finds what the root module does not see, if it is one', async () => {
    const app = createTestApp(root);
    expect(await app.get(Mailer)).toBeInstanceOf(Mailer);
    await app.close();
  });

  test('a class that is in no module is not built behind its back', async () => {
    class Unregistered {}
    const app = createTestApp(root);
    await expect(app.get(Unregistered)).rejects.toThrow(/KRP8002: no provider for Unregistered/);
    await app.close();
  });
});

describe('leaks', () => {
  test.each([
    ['timer', /timer \(at .*test-app\.test\.ts:\d+/],
    ['server', /server/],
  ])('a %s left open fails close(), with the place that opened it if Node knows', async (kind, resource) => {
    const opened: (() => void)[] = [];
    class Leaky {
      constructor() {
        if (kind === 'timer') {
          const timer = setInterval(() => {}, 60_000);
          opened.push(() => clearInterval(timer));
        } else {
          const server = createServer().listen(0, '127.0.0.1');
          opened.push(() => server.close());
        }
      }
    }
    const app = createTestApp(defineModule({ providers: [Leaky] }));
    await app.start();
    const failure: unknown = await app.close().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'KRP8902', message: expect.stringMatching(resource) });
    expect(String(failure)).toContain('the app left 1 resource(s) open');
    for (const end of opened) end();
  });

  test('what is ended at shutdown is no leak, nor is what the test itself holds', async () => {
    const own = setInterval(() => {}, 60_000);
    class Tidy {
      readonly timer = setInterval(() => {}, 60_000);
      readonly server = createServer().listen(0, '127.0.0.1');
      constructor() {
        onShutdown(() => clearInterval(this.timer));
        onShutdown(() => new Promise<void>((resolve) => this.server.close(() => resolve())));
      }
    }
    const app = createTestApp(defineModule({ providers: [Tidy], routes: [routes('/', { 'GET /': () => 'tea' })] }));
    const { url } = await app.listen();
    expect(await (await fetch(url)).text()).toBe('tea');
    await app.close();
    clearInterval(own);
  });

  test('the check can be turned off', async () => {
    const timers: NodeJS.Timeout[] = [];
    class Leaky {
      constructor() {
        timers.push(setInterval(() => {}, 60_000));
      }
    }
    const app = createTestApp(defineModule({ providers: [Leaky] }), { leaks: false });
    await app.start();
    await app.close();
    for (const timer of timers) clearInterval(timer);
  });
});

test('several test apps at once do not see each other', async () => {
  const apps = ['a', 'b', 'c'].map((name) => createTestApp(root).override(CLOCK, { now: () => name }));
  const texts = await Promise.all(apps.map(async (app) => (await app.inject('/now')).text));
  expect(texts).toEqual(['a', 'b', 'c']);
  await Promise.all(apps.map((app) => app.close()));
});
