import { denied } from './denied.ts';

const error = (fields: object) => Object.assign(new Error('x'), fields);

test.each([
  [
    'ERR_ACCESS_DENIED',
    { code: 'ERR_ACCESS_DENIED', permission: 'FileSystemRead', resource: '/etc/x' },
    'read /etc/x',
    '"read"',
  ],
  ['ERR_ACCESS_DENIED', { code: 'ERR_ACCESS_DENIED', permission: 'FileSystemWrite' }, 'write', 'change set'],
  ['ERR_ACCESS_DENIED', { code: 'ERR_ACCESS_DENIED', permission: 'ChildProcess' }, 'program', 'tools'],
  ['EACCES of open', { code: 'EACCES', syscall: 'open', path: '/etc/x' }, 'read /etc/x', '"read"'],
  [
    'EPERM of connect',
    { code: 'EPERM', syscall: 'connect', address: '10.0.0.1' },
    '10.0.0.1',
    '"network": ["10.0.0.1"]',
  ],
  ['a failed look-up', { code: 'EAI_AGAIN', syscall: 'getaddrinfo', hostname: 'api.test' }, 'api.test', '["api.test"]'],
  ['EPERM of kill', { code: 'EPERM', syscall: 'kill' }, 'signal', 'no capability'],
])('%s is told with what would have allowed it', (_, fields, what, hint) => {
  const found = denied(error(fields));
  expect(found?.what).toContain(what);
  expect(found?.hint).toContain(hint);
});

test('it is found in causes and in lists of causes', () => {
  const cause = error({ code: 'EPERM', syscall: 'connect' });
  expect(denied(new TypeError('fetch failed', { cause }))?.what).toContain('connection');
  expect(denied(new TypeError('fetch failed', { cause: new AggregateError([new Error('y'), cause]) }))?.what).toContain(
    'connection',
  );
});

test('whatever else is thrown is no denial, however it behaves', () => {
  const loop: { cause?: unknown } = {};
  loop.cause = loop;
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('z');
      },
    },
  );
  for (const value of [
    undefined,
    null,
    1,
    'x',
    new Error('x'),
    error({ code: 'ENOENT', syscall: 'open' }),
    loop,
    hostile,
  ]) {
    expect(denied(value)).toBeUndefined();
  }
});
