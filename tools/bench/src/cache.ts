/** Area `cache`: what `krepis cache serve` sends and stores in a second, beside a plain static file server. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Area, Bench } from './area.ts';
import { install, installedVersion, type PeerSet, program } from './peers.ts';
import { type Row, row } from './report.ts';
import { type Sample, summarize } from './statistics.ts';

/** Measured rounds and the unmeasured ones before them. */
const ROUNDS = { measured: 7, warmUp: 1 };

/** What is sent in a round. Most artefacts of Nx are small: the outputs of a lint or a test; a bundle or an addon is large. */
const LOADS = [
  { id: 'small', files: 400, bytes: 4 << 10, clients: 32, title: '400 artefacts of 4 KiB, 32 clients' },
  { id: 'large', files: 8, bytes: 16 << 20, clients: 4, title: '8 artefacts of 16 MiB, 4 clients' },
] as const;

/** Clients of the memory row, and the artefact of each. */
const CROWD = { clients: 200, bytes: 3 << 20 };

/** A static file server without signatures, scopes or digests: the least that sending files can cost in Node.js. */
const STATIC: PeerSet = { name: 'static', packages: { 'sirv-cli': '3.0.1' } };

export const cache: Area = {
  name: 'cache',
  async measure(bench) {
    const peers = install(bench.peers, STATIC);
    const name = installedVersion(peers, 'sirv-cli');
    const files = join(bench.scratch, 'cache-files');
    mkdirSync(files);
    const ours = await serveOurs(bench);
    let theirs: Running | undefined;
    try {
      const artefacts = LOADS.map((load) =>
        Array.from({ length: load.files }, (_, index) => {
          const body = randomBytes(load.bytes);
          const hash = `${load.id}${index}`;
          writeFileSync(join(files, hash), body);
          return { hash, body };
        }),
      );
      theirs = await serveFiles(bench, program(peers, 'sirv-cli', 'sirv'), files);
      const rows: Row[] = [];
      for (const [index, load] of LOADS.entries())
        rows.push(...(await measure(load, artefacts[index] ?? [], ours, theirs, name)));
      return [...rows, await memory(bench)];
    } finally {
      ours.process.kill();
      theirs?.process.kill();
    }
  },
};

interface Running {
  readonly process: ChildProcess;
  /** Address of an artefact. */
  readonly address: (hash: string) => string;
  readonly token?: string;
}

interface Artefact {
  readonly hash: string;
  readonly body: Buffer;
}

async function measure(
  load: (typeof LOADS)[number],
  artefacts: readonly Artefact[],
  ours: Running,
  theirs: Running,
  name: string,
): Promise<Row[]> {
  const times = { put: [] as number[], get: [] as number[], theirs: [] as number[] };
  for (let round = -ROUNDS.warmUp; round < ROUNDS.measured; round += 1) {
    const fresh = artefacts.map(({ hash, body }) => {
      // Another content each time: one that is there already would not be written.
      body.writeInt32LE(round);
      return { hash: `${hash}r${round + ROUNDS.warmUp}`, body };
    });
    const put = await time(load.clients, fresh, (artefact, agent) => ask('PUT', ours, artefact, agent));
    const get = await time(load.clients, fresh, (artefact, agent) => ask('GET', ours, artefact, agent));
    const file = await time(load.clients, artefacts, (artefact, agent) => ask('GET', theirs, artefact, agent));
    if (round < 0) continue;
    times.put.push(put);
    times.get.push(get);
    times.theirs.push(file);
  }
  return [
    row({
      id: `get/${load.id}`,
      title: `reading ${load.title}, signatures and digests checked, beside a server of static files`,
      unit: 'ms',
      goal: { max: 1, of: 'ratio' },
      ours: summarize(times.get),
      peers: { [name]: summarize(times.theirs) },
      against: name,
      notes: [`${rate(load, summarize(times.get))}; ${name}: ${rate(load, summarize(times.theirs))}`],
    }),
    row({
      id: `put/${load.id}`,
      title: `storing ${load.title}, synced to disk`,
      unit: 'ms',
      goal: { max: 2000, of: 'ours' },
      ours: summarize(times.put),
      notes: [rate(load, summarize(times.put))],
    }),
  ];
}

/** `1,234 a second, 56 MB/s`. */
function rate(load: (typeof LOADS)[number], { median }: Sample): string {
  const seconds = median / 1000;
  const count = Math.round(load.files / seconds).toLocaleString('en');
  return `${count} a second, ${Math.round((load.files * load.bytes) / 1e6 / seconds)} MB/s`;
}

/** Peak memory of a server that 200 clients write to, and then read from, at once. */
async function memory(bench: Bench): Promise<Row> {
  const server = await serveOurs(bench, 'crowd');
  try {
    const body = randomBytes(CROWD.bytes);
    const artefacts = Array.from({ length: CROWD.clients }, (_, index) => ({
      hash: `m${index}`,
      body: Buffer.concat([Buffer.from(`${index} `), body]),
    }));
    await time(CROWD.clients, artefacts, (artefact, agent) => ask('PUT', server, artefact, agent));
    await time(CROWD.clients, artefacts, (artefact, agent) => ask('GET', server, artefact, agent));
    const status = process.platform === 'linux' ? readFileSync(`/proc/${server.process.pid}/status`, 'utf8') : '';
    const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
    return row({
      id: 'memory',
      title: `peak resident memory (VmHWM) with ${CROWD.clients} clients at once, 3 MiB each, written and then read`,
      unit: 'MB',
      goal: { max: 100, of: 'ours' },
      ours: kibibytes === undefined ? null : summarize([(Number(kibibytes) * 1024) / 1e6]),
    });
  } finally {
    server.process.kill();
  }
}

async function serveOurs({ krepis, scratch, env }: Bench, name = 'ours'): Promise<Running> {
  const [key, dir] = [join(scratch, `cache-${name}.key`), join(scratch, `cache-${name}`)];
  const said = (args: string[]) => {
    const run = spawnSync(krepis, args, { env, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`krepis ${args.join(' ')} ended with ${run.status}\n${run.stderr}`);
    return run.stdout.trim();
  };
  said(['cache', 'key', key]);
  const token = said(['cache', 'token', '--key-file', key, '--scope', 'main', '--expires', '1d']);
  const args = ['cache', 'serve', '--listen', '127.0.0.1:0', '--dir', dir, '--key-file', key];
  const child = spawn(krepis, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  // The log is read, as it is where a server runs.
  child.stderr.resume();
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data) => resolve(String(data).trim()));
    child.once('exit', (code) => reject(new Error(`krepis cache serve ended with ${code}`)));
  });
  return { process: child, token, address: (hash) => `${url}/v1/cache/${hash}` };
}

async function serveFiles({ env, scratch }: Bench, sirv: string, folder: string): Promise<Running> {
  const port = await freePort();
  const args = [sirv, folder, '--port', `${port}`, '--host', '127.0.0.1', '--quiet'];
  const child = spawn(process.execPath, args, { cwd: scratch, env, stdio: 'ignore' });
  const running = { process: child, address: (hash: string) => `http://127.0.0.1:${port}/${hash}` };
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      await ask('GET', running, { hash: `${LOADS[0].id}0`, body: Buffer.alloc(LOADS[0].bytes) });
      return running;
    } catch (error) {
      if (performance.now() > deadline || child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** Milliseconds that so many clients take for all artefacts. */
async function time(
  clients: number,
  artefacts: readonly Artefact[],
  one: (artefact: Artefact, agent: Agent) => Promise<void>,
): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const waiting = artefacts.values();
  const start = process.hrtime.bigint();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (const artefact of waiting) await one(artefact, agent);
    }),
  );
  const end = process.hrtime.bigint();
  agent.destroy();
  return Number(end - start) / 1e6;
}

/** @throws Error unless it is answered with 200 and, for a GET, as many bytes as the artefact has */
function ask(
  method: 'GET' | 'PUT',
  { address, token }: Running,
  { hash, body }: Artefact,
  agent?: Agent,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(method === 'PUT' && { 'content-length': body.length }),
    };
    const asked = request(address(hash), { method, headers, ...(agent && { agent }) }, (response) => {
      let received = 0;
      response.on('data', (part: Buffer) => {
        received += part.length;
      });
      response.on('error', reject);
      response.on('end', () => {
        const isWhole = method === 'PUT' || received === body.length;
        if (response.statusCode === 200 && isWhole) resolve();
        else reject(new Error(`${method} ${address(hash)}: ${response.statusCode}, ${received} bytes`));
      });
    });
    asked.on('error', reject);
    asked.end(method === 'PUT' ? body : undefined);
  });
}
