import { LOGGER } from '../app/logger.ts';
import { inject } from '../injection/context.ts';
import { defineModule } from '../module/module.ts';
import { createTestApp, type TestApp } from '../testing/index.ts';
import { PROBLEM_MAPPER, Problem } from './problem.ts';
import { type Handler, route, routes } from './routes.ts';
import type { StandardSchema } from './standard-schema.ts';

class OutOfTea extends Error {}

function appWith(handler: Handler, lines: string[] = []): TestApp {
  const module = defineModule({
    providers: [
      {
        provide: PROBLEM_MAPPER,
        multi: true,
        useValue: (error: unknown) => (error instanceof OutOfTea ? new Problem(409, { detail: 'no tea' }) : undefined),
      },
    ],
    routes: [routes('/tea', { 'POST /': handler })],
  });
  return createTestApp(module, { logger: { level: 'error', stream: { write: (line) => lines.push(line) } } });
}

async function answerTo(
  error: unknown,
  lines?: string[],
): Promise<{ status: number; document: Record<string, unknown> }> {
  const app = appWith(() => {
    throw error;
  }, lines);
  const response = await app.inject({ method: 'POST', url: '/tea?strong', headers: { 'x-request-id': 'r-1' } });
  expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(response.headers['x-request-id']).toBe('r-1');
  await app.close();
  return { status: response.status, document: response.json() };
}

test('a thrown problem is answered as RFC 9457 says', async () => {
  const { status, document } = await answerTo(
    new Problem(418, {
      type: 'https://shop.example/teapot',
      title: 'Teapot',
      detail: 'short',
      extensions: { code: 'POT', status: 1 },
    }),
  );
  expect(status).toBe(418);
  expect(document).toEqual({
    type: 'https://shop.example/teapot',
    title: 'Teapot',
    status: 418,
    detail: 'short',
    instance: '/tea',
    requestId: 'r-1',
    code: 'POT',
  });
});

test("an application's error is mapped by a mapper of any module", async () => {
  const { status, document } = await answerTo(new OutOfTea());
  expect([status, document.title, document.detail]).toEqual([409, 'Conflict', 'no tea']);
});

test('an unknown error tells the client nothing and the log everything', async () => {
  const lines: string[] = [];
  const { status, document } = await answerTo(new Error('password is 1234'), lines);
  expect(status).toBe(500);
  expect(JSON.stringify(document)).not.toContain('1234');
  const [line] = lines.map((text) => JSON.parse(text) as Record<string, unknown>);
  expect(line).toMatchObject({ requestId: 'r-1', err: { message: 'password is 1234' } });
});

test.each([[undefined], [null], ['text'], [{ statusCode: 404 }]])('%p thrown is a 500', async (thrown) => {
  expect((await answerTo(thrown)).status).toBe(500);
});

test('a path without a route is a 404 problem', async () => {
  const app = appWith(() => 1);
  const response = await app.inject('/coffee?x=1');
  expect([response.status, response.json<{ detail: string }>().detail]).toEqual([404, 'there is no GET /coffee']);
  await app.close();
});

test.each([
  ['a body that is no JSON', 400, 'application/json', '{"tea":'],
  ['a body of an unknown type', 415, 'application/tea', 'tea'],
  ['a body with a poisoned prototype', 400, 'application/json', '{"__proto__":{"admin":true}}'],
])('%s is a problem with status %i', async (_, status, type, body) => {
  const app = appWith(() => 1);
  const response = await app.inject({ method: 'POST', url: '/tea', headers: { 'content-type': type }, body });
  expect(response.status).toBe(status);
  expect(response.json()).toMatchObject({ status, code: expect.stringMatching(/^FST_/), instance: '/tea' });
  await app.close();
});

test('a value that is no JSON is a 500 problem', async () => {
  const app = appWith(() => ({ tea: 1n }));
  const response = await app.inject({ method: 'POST', url: '/tea' });
  expect([response.status, response.json<{ title: string }>().title]).toEqual([500, 'Internal Server Error']);
  await app.close();
});

test('a mapper that throws does not hide the error', async () => {
  const lines: string[] = [];
  const module = defineModule({
    providers: [
      {
        provide: PROBLEM_MAPPER,
        multi: true,
        useValue: () => {
          throw new Error('mapper is broken');
        },
      },
    ],
    routes: [
      routes('/', {
        'GET /': () => {
          throw new Error('original');
        },
      }),
    ],
  });
  const app = createTestApp(module, { logger: { level: 'error', stream: { write: (line) => lines.push(line) } } });
  expect((await app.inject('/')).status).toBe(500);
  expect(lines.join('')).toMatch(/mapper is broken[\s\S]*original/);
  await app.close();
});

describe('schemas', () => {
  /** A whole number from a text, as zod's `z.coerce.number().int()`. */
  const whole: StandardSchema<unknown, { n: number }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async (value) => {
        const n = Number((value as Record<string, unknown> | undefined)?.n);
        return Number.isInteger(n)
          ? { value: { n } }
          : { issues: [{ message: 'no whole number', path: ['a/b', { key: 'n' }] }] };
      },
    },
  };

  const table = routes('/items', {
    'POST /:n': route({ params: whole, body: whole, query: whole }, ({ params, body, query }) => ({
      sum: params.n + body.n + query.n,
    })),
    'GET /:id': route({ query: whole }, ({ params, query }) => `${params.id.toUpperCase()} ${query.n + 1}`),
  });
  const module = defineModule({ routes: [table] });

  test('a handler gets what the schemas put out, with their types', async () => {
    const app = createTestApp(module);
    const response = await app.inject({ method: 'POST', url: '/items/1?n=2', body: { n: '3' } });
    expect(response.json()).toEqual({ sum: 6 });
    expect((await app.inject('/items/a?n=2')).text).toBe('A 3');
    await app.close();
  });

  test('everything wrong is said at once, with JSON Pointers', async () => {
    const app = createTestApp(module);
    const response = await app.inject({ method: 'POST', url: '/items/x?n=2', body: {} });
    expect(response.status).toBe(400);
    expect(response.json()).toMatchObject({
      code: 'KRP8301',
      errors: [
        { in: 'params', path: '/a~1b/n', message: 'no whole number' },
        { in: 'body', path: '/a~1b/n', message: 'no whole number' },
      ],
    });
    await app.close();
  });
});

test('the request id and logger follow a request through everything it awaits', async () => {
  const lines: string[] = [];
  class Kettle {
    readonly #log = inject(LOGGER);
    async boil(): Promise<void> {
      await new Promise((resolve) => setImmediate(resolve));
      this.#log.info({ kettle: 1 }, 'boiling');
    }
  }
  const app = createTestApp(
    defineModule({ providers: [Kettle], routes: [routes('/', { 'POST /': () => inject(Kettle).boil() })] }),
    { logger: { level: 'info', stream: { write: (line) => lines.push(line) } } },
  );
  const ids = ['r-1', 'r-2', 'bad id\n'].map((id) => ({ 'x-request-id': id, 'content-type': 'application/json' }));
  const responses = await Promise.all(
    ids.map((headers) => app.inject({ method: 'POST', url: '/', headers, body: { tea: 1 } })),
  );
  const logged = lines
    .map((line) => JSON.parse(line) as { msg: string; requestId: string })
    .filter(({ msg }) => msg === 'boiling')
    .map(({ requestId }) => requestId);
  expect(logged.sort()).toEqual(responses.map(({ headers }) => headers['x-request-id']).sort());
  expect(logged).toContain('r-1');
  // An id that could break a header or a log line is replaced.
  expect(responses[2]?.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  await app.close();
});
