import { inject } from '../injection/context.ts';
import { InjectionToken } from '../injection/token.ts';
import { defineModule } from '../module/module.ts';
import { createTestApp, type TestApp } from '../testing/index.ts';
import { reply } from './reply.ts';
import { type Routes, routes } from './routes.ts';

const COUNTER = new InjectionToken<{ next(): number }>('COUNTER');

function counter(): { next(): number } {
  let count = 0;
  return { next: () => ++count };
}

const apps: TestApp[] = [];

function appWith(...list: Routes[]): TestApp {
  const module = defineModule({ name: 'test', routes: list, providers: [{ provide: COUNTER, useFactory: counter }] });
  const app = createTestApp(module);
  apps.push(app);
  return app;
}

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

describe('what a handler returns', () => {
  test.each([
    ['an object: 200 and JSON', { tea: 1 }, 200, '{"tea":1}', /^application\/json/],
    ['a list: 200 and JSON', [1, 2], 200, '[1,2]', /^application\/json/],
    ['a number: 200 and JSON', 5, 200, '5', /^application\/json/],
    ['null: 200 and JSON', null, 200, 'null', /^application\/json/],
    ['a text: 200 and text', 'tea', 200, 'tea', /^text\/plain/],
    ['nothing: 204 without a body', undefined, 204, '', /^undefined$/],
  ])('%s', async (_, value, status, text, type) => {
    const response = await appWith(routes('/', { 'GET /value': () => value })).inject('/value');
    expect(response.status).toBe(status);
    expect(response.text).toBe(text);
    expect(String(response.headers['content-type'])).toMatch(type);
  });

  test('reply() sets status and headers', async () => {
    const table = routes('/tea', { 'POST /': async () => reply(201, { id: 7 }, { location: '/tea/7' }) });
    const response = await appWith(table).inject({ method: 'POST', url: '/tea' });
    expect([response.status, response.json(), response.headers.location]).toEqual([201, { id: 7 }, '/tea/7']);
  });
});

describe('what a handler gets', () => {
  test('path parameters, query, body and headers', async () => {
    const table = routes('/shops/:shop', {
      'PUT /items/:item': (request) => {
        const { shop, item } = request.params;
        // @ts-expect-error the path has no such parameter
        const none = request.params.other;
        return { shop, item, none, query: request.query, body: request.body, agent: request.headers['user-agent'] };
      },
    });
    const response = await appWith(table).inject({
      method: 'PUT',
      url: '/shops/a%20b/items/7?tag=x&tag=y&page=2',
      headers: { 'user-agent': 'test' },
      body: { price: 1 },
    });
    expect(response.json()).toEqual({
      shop: 'a b',
      item: '7',
      query: { tag: ['x', 'y'], page: '2' },
      body: { price: 1 },
      agent: 'test',
    });
  });

  test('its dependencies, by inject() before the first await', async () => {
    const table = routes('/count', { 'GET /': () => ({ count: inject(COUNTER).next() }) });
    const app = appWith(table);
    await app.inject('/count');
    expect((await app.inject('/count')).json()).toEqual({ count: 2 });
  });

  test('inject() after an await is refused, as everywhere', async () => {
    const table = routes('/count', {
      'GET /': async () => {
        await Promise.resolve();
        return inject(COUNTER).next();
      },
    });
    expect((await appWith(table).inject('/count')).status).toBe(500);
  });

  test('a function of routes runs once per app and shares what it injects', async () => {
    let reads = 0;
    const table = routes('/count', () => {
      reads += 1;
      const count = inject(COUNTER);
      return { 'GET /:step': (request) => ({ step: request.params.step, count: count.next() }) };
    });
    const first = appWith(table);
    await first.inject('/count/a');
    expect((await first.inject('/count/b')).json()).toEqual({ step: 'b', count: 2 });
    expect(reads).toBe(1);
    expect((await appWith(table).inject('/count/c')).json()).toEqual({ step: 'c', count: 1 });
    expect(reads).toBe(2);
  });

  test('dependencies of its own module, not of the one that imports it', async () => {
    const NAME = new InjectionToken<string>('NAME');
    const inner = defineModule({
      providers: [{ provide: NAME, useValue: 'inner' }],
      routes: [routes('/name', { 'GET /': () => inject(NAME) })],
    });
    const app = createTestApp(defineModule({ imports: [inner], providers: [{ provide: NAME, useValue: 'outer' }] }));
    expect((await app.inject('/name')).text).toBe('inner');
    await app.close();
  });
});

describe('paths', () => {
  test('a slash at the end makes no difference, HEAD is answered like GET', async () => {
    const app = appWith(routes('/tea/', { 'GET /': () => 'tea' }));
    for (const url of ['/tea', '/tea/']) expect((await app.inject(url)).text).toBe('tea');
    const head = await app.inject({ method: 'HEAD', url: '/tea' });
    expect([head.status, head.text]).toEqual([200, '']);
  });

  test.each([
    ["'FETCH /' under '/tea'", { 'FETCH /': () => 1 }, /its method is not one of GET, POST/],
    ["'GET tea' under '/tea'", { 'GET tea': () => 1 }, /one space and a path with a slash/],
    ["'GET  /' under '/tea'", { 'GET  /': () => 1 }, /one space and a path with a slash/],
    ["'GET /' under '/tea'", { 'GET /': 'tea' }, /its handler is not a function/],
  ])('%s is refused where it is written', (name, table, message) => {
    expect(() => routes('/tea', table as never)).toThrow(message);
    expect(() => routes('/tea', table as never)).toThrow(`KRP8105: route ${name}`);
  });

  test('a prefix without a slash is refused', () => {
    expect(() => routes('tea' as '/tea', {})).toThrow(/KRP8105: route tea .*does not begin with a slash/);
  });

  test('the same route twice is refused, parameter names aside', async () => {
    const app = appWith(routes('/tea', { 'GET /:id': () => 1 }), routes('/', { 'GET /tea/:name': () => 2 }));
    await expect(app.start()).rejects.toThrow(
      'KRP8106: GET /tea/:name is declared twice: by module test and by module test',
    );
  });
});
