/** `krepis cache serve` as Nx uses it: the real Nx, several clones of one workspace, and what goes wrong on the way. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { binary, environment, failure, krepis, krepisOk, type Outcome, ok, repository, start } from './krepis.ts';
import { removeTemporary, temporary, write } from './workspace.ts';

/** Projects that need each other in a row, so that a run asks for one entry after the other. */
const CHAIN = ['one', 'two', 'three', 'four'];

interface Server {
  readonly url: string;
  readonly folder: string;
  readonly process: ChildProcess;
  /** Lines of the log so far. */
  readonly log: Record<string, unknown>[];
  /** Waits for a line of the log. */
  logged(wanted: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const running: Server[] = [];
let keyFile: string;

beforeAll(() => {
  keyFile = join(temporary(), 'remote-cache.key');
  krepisOk(['cache', 'key', keyFile], { cwd: repository });
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop('SIGKILL');
});

afterAll(removeTemporary);

async function serve(folder = join(temporary(), 'cache'), args: string[] = []): Promise<Server> {
  const child = spawn(
    binary('krepis'),
    ['cache', 'serve', '--listen', '127.0.0.1:0', '--dir', folder, '--key-file', keyFile, ...args],
    { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const log: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) log.push(JSON.parse(line));
    for (const look of waiting) look();
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
    exited.then((code) => reject(new Error(`krepis cache serve ended with ${code}\n${rest}`)));
  });
  const server: Server = {
    url,
    folder,
    process: child,
    log,
    logged: (wanted) =>
      new Promise((resolve) => {
        const look = () => {
          const found = log.find(wanted);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
  running.push(server);
  return server;
}

function token(scope: string, ...args: string[]): string {
  return krepisOk(['cache', 'token', '--key-file', keyFile, '--scope', scope, '--expires', '1h', ...args], {
    cwd: repository,
  }).stdout.trim();
}

/** A clone: the same sources as every other, and a local cache of its own. Every true build leaves a line in `ran`. */
function clone(): { root: string; ran: () => string[] } {
  const root = temporary();
  write(root, {
    'package.json': '{ "name": "shared", "private": true }\n',
    '.gitignore': 'node_modules\ndist\n.nx\nran\n',
    'nx.json': `${JSON.stringify({ analytics: false, neverConnectToCloud: true, namedInputs: { default: ['{projectRoot}/in.txt'] } })}\n`,
  });
  for (const [index, name] of CHAIN.entries()) {
    const project = {
      name,
      implicitDependencies: CHAIN.slice(Math.max(0, index - 1), index),
      targets: {
        build: {
          executor: 'nx:run-commands',
          cache: true,
          dependsOn: ['^build'],
          inputs: ['default'],
          outputs: ['{projectRoot}/dist'],
          options: {
            command: `mkdir -p ${name}/dist && cp ${name}/in.txt ${name}/dist/out.txt && echo ${name} >> ran`,
          },
        },
      },
    };
    write(root, { [`${name}/project.json`]: JSON.stringify(project), [`${name}/in.txt`]: `true ${name}\n` });
  }
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  ok('git', ['init', '-q'], root);
  const ran = () =>
    existsSync(join(root, 'ran')) ? readFileSync(join(root, 'ran'), 'utf8').split('\n').slice(0, -1) : [];
  return { root, ran };
}

const NODE = join(repository, 'node_modules', 'node', 'bin', 'node');

function nxEnvironment(root: string, server: Server, bearer: string): Record<string, string> {
  return {
    CI: 'true',
    NX_CACHE_DIRECTORY: join(root, '.nx', 'cache'),
    NX_WORKSPACE_DATA_DIRECTORY: join(root, '.nx', 'workspace-data'),
    NX_SELF_HOSTED_REMOTE_CACHE_SERVER: server.url,
    NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN: bearer,
  };
}

function nx(root: string, server: Server, bearer: string, projects = CHAIN): Promise<Outcome> {
  const args = ['node_modules/nx/dist/bin/nx.js', 'run-many', '-t', 'build', '-p', projects.join(',')];
  return start(NODE, args, { cwd: root, env: environment(nxEnvironment(root, server, bearer)) });
}

async function nxOk(root: string, server: Server, bearer: string, projects = CHAIN): Promise<void> {
  const outcome = await nx(root, server, bearer, projects);
  if (outcome.code !== 0) throw new Error(`nx ended with ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`);
}

const built = (root: string, name: string) => readFileSync(join(root, name, 'dist', 'out.txt'), 'utf8');

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

function ask(
  server: Server,
  method: string,
  hash: string,
  bearer: string,
  body?: Buffer,
  agent?: Agent,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${bearer}`, ...(body && { 'content-length': body.length }) };
    const asked = request(`${server.url}/v1/cache/${hash}`, { method, headers, agent }, (response: IncomingMessage) => {
      const parts: Buffer[] = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** What Nx's client sends: a gzip tar of the outputs, `terminalOutput` and `code`. */
function artefact(name: string, content: string): Buffer {
  const folder = temporary();
  write(folder, { [`${name}/dist/out.txt`]: content, terminalOutput: 'planted' });
  writeFileSync(join(folder, 'code'), Buffer.alloc(4));
  // Named as Nx's client names them: `code`, not `./code`.
  ok('tar', ['-czf', '../planted.tgz', 'code', 'terminalOutput', name], folder);
  const file = join(folder, '..', 'planted.tgz');
  const bytes = readFileSync(file);
  rmSync(file);
  return bytes;
}

const peak = (server: Server) =>
  Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1]) * 1024;

test('a second clone takes what the first has built', async () => {
  const server = await serve();
  const bearer = token('main');
  const [first, second] = [clone(), clone()];
  await nxOk(first.root, server, bearer);
  expect(first.ran()).toEqual(CHAIN);
  await nxOk(second.root, server, bearer);
  expect(second.ran()).toEqual([]);
  for (const name of CHAIN) expect(built(second.root, name)).toBe(`true ${name}\n`);

  // A pull request reads what main has, and stores what is new apart from it.
  const third = clone();
  writeFileSync(join(third.root, 'four', 'in.txt'), 'changed\n');
  await nxOk(third.root, server, token('pr-1'));
  expect(third.ran()).toEqual(['four']);
  expect(readdirSync(join(server.folder, 'records', 'pr-1'))).toHaveLength(1);
});

test('a pull request plants an artefact under the hash that main will compute, and main never gets it', async () => {
  const server = await serve();
  const pullRequest = token('pr-1');
  // The pull request learns the hash: it has the sources.
  const spy = clone();
  await nxOk(spy.root, server, token('pr-1', '--read-only'), ['one']);
  const { hash } = await server.logged(({ method, status }) => method === 'PUT' && status === 403);
  expect((await ask(server, 'PUT', String(hash), pullRequest, artefact('one', 'planted\n'))).status).toBe(200);

  // What it planted is what Nx would take: it poisons the pull request itself, and nobody else.
  const poisoned = clone();
  await nxOk(poisoned.root, server, pullRequest, ['one']);
  expect(poisoned.ran()).toEqual([]);
  expect(built(poisoned.root, 'one')).toBe('planted\n');

  const main = clone();
  await nxOk(main.root, server, token('main'), ['one']);
  expect(main.ran()).toEqual(['one']);
  expect(built(main.root, 'one')).toBe('true one\n');

  // Now that main has an entry, nothing stands in front of it: not for others, and not for the pull request either.
  expect((await ask(server, 'PUT', String(hash), pullRequest, artefact('one', 'planted\n'))).status).toBe(409);
  for (const bearer of [token('main'), token('pr-2'), pullRequest]) {
    const reader = clone();
    await nxOk(reader.root, server, bearer, ['one']);
    expect(reader.ran()).toEqual([]);
    expect(built(reader.root, 'one')).toBe('true one\n');
  }
});

test('whoever changes the files on the disk poisons nobody', async () => {
  const server = await serve();
  const first = clone();
  await nxOk(first.root, server, token('main'), ['one']);
  const blobs = join(server.folder, 'blobs');
  const [shard = ''] = readdirSync(blobs);
  const [blob = ''] = readdirSync(join(blobs, shard));
  writeFileSync(join(blobs, shard, blob), artefact('one', 'planted\n'));

  const second = clone();
  await nxOk(second.root, server, token('main'), ['one']);
  expect(second.ran()).toEqual(['one']);
  expect(built(second.root, 'one')).toBe('true one\n');
  expect(server.log).toContainEqual(expect.objectContaining({ event: 'quarantine', code: 'KRP4728' }));
});

test('when the folder goes away during the reads, the build goes on', async () => {
  const server = await serve();
  const bearer = token('main');
  await nxOk(clone().root, server, bearer);
  const second = clone();
  const before = server.log.length;
  const run = nx(second.root, server, bearer);
  await server.logged((line) => server.log.indexOf(line) >= before && line.method === 'GET' && line.status === 200);
  rmSync(server.folder, { recursive: true, force: true });
  const outcome = await run;
  expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code: 0, stderr: expect.any(String) });
  // Some came from the cache, the others were built; all are right.
  expect(second.ran().length).toBeLessThan(CHAIN.length);
  for (const name of CHAIN) expect(built(second.root, name)).toBe(`true ${name}\n`);
  // The next one finds nothing, and builds.
  const third = clone();
  await nxOk(third.root, server, bearer);
  expect(third.ran()).toEqual(CHAIN);
});

test('killed while it takes in an artefact, it has no half entry and cleans up', async () => {
  const folder = join(temporary(), 'cache');
  const bearer = token('main');
  const body = Buffer.alloc(4_000_000, 'x');
  const first = await serve(folder);
  const sending = request(`${first.url}/v1/cache/7`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${bearer}`, 'content-length': body.length },
  });
  const broken = new Promise((resolve) => sending.once('error', resolve));
  sending.write(body.subarray(0, 3_000_000));
  const underWay = join(folder, 'under-way');
  while (!existsSync(underWay) || readdirSync(underWay).length === 0)
    await new Promise((resolve) => setImmediate(resolve));
  await first.stop('SIGKILL');
  await broken;
  expect(readdirSync(underWay)).toHaveLength(1);

  const second = await serve(folder);
  expect(readdirSync(underWay)).toHaveLength(0);
  expect((await ask(second, 'GET', '7', bearer)).status).toBe(404);
  expect((await ask(second, 'PUT', '7', bearer, body)).status).toBe(200);
  expect((await ask(second, 'GET', '7', bearer)).body.equals(body)).toBe(true);
  expect(await second.stop('SIGTERM')).toBe(0);
});

test('200 clients at once are served in less than 100 MB', async () => {
  const server = await serve();
  const bearer = token('main');
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const body = Buffer.alloc(3_000_000, 'y');
  const hashes = Array.from({ length: 200 }, (_, index) => String(index));
  try {
    // Each artefact is another: nothing is shared.
    const stored = await Promise.all(
      hashes.map((hash) => ask(server, 'PUT', hash, bearer, Buffer.concat([Buffer.from(hash), body]), agent)),
    );
    expect(new Set(stored.map(({ status }) => status))).toEqual(new Set([200]));
    const found = await Promise.all(hashes.map((hash) => ask(server, 'GET', hash, bearer, undefined, agent)));
    expect(
      found.every(({ status, body: got }, index) => status === 200 && got.length === body.length + `${index}`.length),
    ).toBe(true);
  } finally {
    agent.destroy();
  }
  const bytes = peak(server);
  console.log(`200 clients: ${(bytes / 1e6).toFixed(1)} MB`);
  expect(bytes).toBeLessThan(100e6);
  expect(bytes).toBeGreaterThan(1e6);
});

test('what cannot work is said before anything is served', () => {
  const folder = temporary();
  const json = (...args: string[]) =>
    failure(krepis(['--json', 'cache', ...args], { cwd: folder, env: { HOME: folder } }));
  expect(json('serve')).toMatchObject({ code: 'KRP4701', hint: expect.stringContaining('krepis cache key') });
  expect(json('token', '--scope', 'PR/1', '--key-file', keyFile)).toMatchObject({ code: 'KRP4707' });
  expect(json('token', '--scope', 'pr-1', '--expires', 'soon', '--key-file', keyFile)).toMatchObject({
    code: 'KRP4708',
  });
  expect(json('key', keyFile)).toMatchObject({ code: 'KRP4705' });
  mkdirSync(join(folder, 'cache'));
  krepisOk(['cache', 'key', 'cache/key'], { cwd: folder });
  expect(json('serve', '--dir', 'cache', '--key-file', 'cache/key')).toMatchObject({ code: 'KRP4704' });
  writeFileSync(join(folder, 'weak'), 'password\n', { mode: 0o600 });
  expect(json('serve', '--dir', 'cache', '--key-file', 'weak')).toMatchObject({ code: 'KRP4702' });
  writeFileSync(join(folder, 'open'), readFileSync(keyFile), { mode: 0o644 });
  expect(json('serve', '--dir', 'cache', '--key-file', 'open')).toMatchObject({ code: 'KRP4703' });
  expect(json('serve', '--dir', 'cache', '--key-file', keyFile, '--s3-bucket', 'b')).toMatchObject({ code: 'KRP4712' });
});
