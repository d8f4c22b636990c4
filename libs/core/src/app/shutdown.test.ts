/** Shutdown by signals, in a real process that runs the TypeScript sources by type stripping. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

interface Service {
  readonly url: string;
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves when the service has printed a line that begins with `word`. */
  readonly said: (word: string) => Promise<void>;
  readonly lines: readonly string[];
  readonly exit: Promise<number | string>;
  readonly log: Promise<string>;
}

const children: Service['child'][] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function serve(env: Readonly<Record<string, string>> = {}): Promise<Service> {
  const child = spawn(process.execPath, [join(__dirname, '__fixtures__/server.ts')], {
    env: { ...process.env, ...env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  const exit = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  const log = text(child.stderr);
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const check of waiting) check();
  });
  const said = async (word: string): Promise<void> => {
    const found = new Promise<void>((resolve) => {
      const check = (): void => {
        if (lines.some((line) => line.startsWith(word))) resolve();
      };
      waiting.push(check);
      check();
    });
    const gone = exit.then(async (code) => {
      if (!lines.some((line) => line.startsWith(word))) throw new Error(`ended with ${code}: ${await log}`);
    });
    await Promise.race([found, gone]);
  };
  await said('http');
  return { url: lines[0]!, child, said, lines, exit, log };
}

async function request(url: string, agent?: Agent): Promise<IncomingMessage> {
  const [response] = (await once(get(url, agent ? { agent } : {}), 'response')) as [IncomingMessage];
  return response;
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s: the request in flight is answered, then hooks run in reverse dependency order, then the process ends with 0',
  async (signal) => {
    const service = await serve();
    const agent = new Agent({ keepAlive: true });
    // A keep-alive connection that has been used and is idle now must not hold the process.
    await text(await request(`${service.url}/health/ready`, agent));
    const slow = request(`${service.url}/slow`);
    await service.said('slow-begun');

    service.child.kill(signal);
    await until(() => refused(service.url));
    service.child.stdin.write('go\n');

    const response = await slow;
    expect([response.statusCode, response.headers.connection, await text(response)]).toEqual([200, 'close', 'slow']);
    expect(await service.exit).toBe(0);
    expect(service.lines.slice(1)).toEqual(['slow-begun', 'slow-answered', 'store-ended true', 'pool-ended']);
    expect(await service.log).toMatch(/shutting down[\s\S]*shut down/);
    agent.destroy();
  },
);

test('during the grace time the service says it is not ready, and goes on answering', async () => {
  const service = await serve({ GRACE: '60000' });
  expect((await request(`${service.url}/health/ready`)).statusCode).toBe(200);
  service.child.kill('SIGTERM');
  await until(async () => (await request(`${service.url}/health/ready`)).statusCode === 503);
  expect((await request(`${service.url}/health/live`)).statusCode).toBe(200);
});

test('a signal repeated by npm or a shell changes nothing, a later one ends the process at once', async () => {
  const service = await serve({ GRACE: '60000' });
  service.child.kill('SIGTERM');
  service.child.kill('SIGTERM');
  await until(async () => (await request(`${service.url}/health/ready`)).statusCode === 503);
  expect(service.child.exitCode).toBeNull();

  const repeat = setInterval(() => service.child.kill('SIGTERM'), 50);
  expect(await service.exit).toBe(143);
  clearInterval(repeat);
});

test('a hook that never ends is given up at the deadline: status 1, and its name in the log', async () => {
  const service = await serve({ STUCK: '1', DEADLINE: '200' });
  service.child.kill('SIGTERM');
  expect(await service.exit).toBe(1);
  expect(await service.log).toContain('KRP8203: shutdown did not finish within 200 ms; still busy: Pool');
});

test('a client that never finishes its request does not keep hooks from running', async () => {
  const service = await serve({ DEADLINE: '400' });
  const slow = request(`${service.url}/slow`).catch((error: NodeJS.ErrnoException) => error.code);
  await service.said('slow-begun');
  service.child.kill('SIGTERM');
  expect(await slow).toBe('ECONNRESET');
  expect(await service.exit).toBe(0);
  expect(service.lines.slice(-2)).toEqual(['store-ended true', 'pool-ended']);
});

async function refused(url: string): Promise<boolean> {
  return request(url).then(
    (response) => {
      response.resume();
      return false;
    },
    (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED',
  );
}

/** Asks again until the answer is yes; the test's own time limit is the end of it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
