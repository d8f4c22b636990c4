// The Node part of the escape kit. `attemptAll(places)` makes every attempt and answers with what came of each: `through` or
// `stopped CODE`. It runs in four settings: a bare Node, Node's permission model alone, the operating system's layers alone,
// and as a plugin with all of them.
import { execFileSync, fork, spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs from 'node:fs';
import inspector from 'node:inspector';
import { createRequire, register } from 'node:module';
import net from 'node:net';
import { Worker } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const CANARY = 'canary';

/** Resolves when the thing has happened, rejects with its error. */
const connected = (options) =>
  new Promise((resolve, reject) => {
    const socket = net.connect(options, () => {
      socket.write('out', () => {
        socket.destroy();
        resolve();
      });
    });
    socket.on('error', reject);
  });
const got = (text) => {
  if (!String(text).includes(CANARY)) throw Object.assign(new Error('empty'), { code: 'EMPTY' });
};
const inWorker = (source, options) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(source, { eval: true, ...options });
    worker.on('message', resolve);
    worker.on('error', reject);
  });

const attempts = {
  'read a file outside': (p) => got(fs.readFileSync(p.canary, 'utf8')),
  'read through a link in its own folder': (p) => got(fs.readFileSync(p.link, 'utf8')),
  'require a file outside': (p) => got(JSON.stringify(require(p.json))),
  'import a file outside': async (p) => got(JSON.stringify(await import(p.json, { with: { type: 'json' } }))),
  'read as a blob': async (p) => got(await (await fs.openAsBlob(p.canary)).text()),
  'list a folder outside': (p) => got(fs.readdirSync(p.outside).join()),
  'look whether a file is there': (p) => fs.statSync(p.canary),
  'read by process.binding': (p) => {
    const binding = process.binding('fs');
    got(binding.readFileUtf8 ? binding.readFileUtf8(p.canary, 0) : binding.readFileSync(p.canary, 0));
  },
  'open a database outside': (p) => {
    const { DatabaseSync } = require('node:sqlite');
    new DatabaseSync(p.database).exec('create table if not exists t(x)');
  },
  'write a file outside': (p) => fs.writeFileSync(p.made, 'x'),
  'write in its own folder': (p) => fs.writeFileSync(p.own, 'x'),
  'append to a file outside': (p) => fs.appendFileSync(p.scratch, 'x'),
  'delete a file outside': (p) => fs.unlinkSync(p.scratch),
  'rename a file outside': (p) => fs.renameSync(p.scratch, p.made),
  'change a mode outside': (p) => fs.chmodSync(p.scratch, 0o600),
  'change a time outside': (p) => fs.utimesSync(p.scratch, 1, 1),
  'link to the outside': (p) => fs.symlinkSync(p.canary, p.own),
  'copy to the outside': (p) => fs.cpSync(p.ownSource, p.made),
  'write a report outside': (p) => {
    if (process.report.writeReport(p.made) !== p.made) throw Object.assign(new Error('none'), { code: 'NONE' });
    fs.statSync(p.made);
  },
  'watch a folder outside': (p) => fs.watch(p.outside).close(),
  'read the environment of another process': (p) => got(fs.readFileSync(`/proc/${p.victim}/environ`, 'utf8')),
  'read through /proc/self/root': (p) => got(fs.readFileSync(`/proc/self/root${p.canary}`, 'utf8')),
  'read through /proc/PID/root': (p) => got(fs.readFileSync(`/proc/${p.victim}/root${p.canary}`, 'utf8')),
  'read what the parent had open': () => {
    const found = Buffer.alloc(64);
    for (let fd = 5; fd < 200; fd++) {
      try {
        if (fs.readSync(fd, found, 0, 64, 0) > 0 && found.includes(CANARY)) return;
      } catch {}
    }
    throw Object.assign(new Error('none'), { code: 'EBADF' });
  },
  "see the user's environment": () => {
    if (process.env.HOME === undefined) throw Object.assign(new Error('none'), { code: 'EMPTY' });
  },
  'run a shell': () => execFileSync('/bin/sh', ['-c', 'true']),
  'run a program by process.binding': () => {
    const result = process.binding('spawn_sync').spawn({
      file: '/bin/true',
      args: ['true'],
      stdio: [{ type: 'ignore' }, { type: 'ignore' }, { type: 'ignore' }],
    });
    if (result.error) throw Object.assign(new Error('spawn'), { code: `errno ${-result.error}` });
  },
  'fork itself': (p) =>
    new Promise((resolve, reject) => {
      fork(p.ownSource, { execArgv: [], stdio: 'ignore' }).on('error', reject).on('exit', resolve);
    }),
  'start a thousand processes': () => {
    const { error } = spawnSync('/bin/sh', ['-c', 'for i in 1 2 3; do sh -c : & done; wait']);
    if (error) throw error;
  },
  'a thread': () => inWorker("require('node:worker_threads').parentPort.postMessage(1)"),
  'a thread without permissions to lose': async (p) =>
    got(
      await inWorker(
        `require('node:worker_threads').parentPort.postMessage(require('node:fs').readFileSync(${JSON.stringify(p.canary)}, 'utf8'))`,
        { execArgv: [], env: { NODE_OPTIONS: '' } },
      ),
    ),
  'a loader thread': () => register('data:text/javascript,'),
  'connect by TCP': (p) => connected({ host: '127.0.0.1', port: p.tcp }),
  'fetch by HTTP': (p) => fetch(`http://127.0.0.1:${p.http}/`).then((response) => response.text()),
  'connect by process.binding': (p) =>
    new Promise((resolve, reject) => {
      const { TCP, TCPConnectWrap, constants } = process.binding('tcp_wrap');
      const request = new TCPConnectWrap();
      request.oncomplete = (status) =>
        status === 0 ? resolve() : reject(Object.assign(new Error('tcp'), { code: `errno ${-status}` }));
      const error = new TCP(constants.SOCKET).connect(request, '127.0.0.1', p.tcp);
      if (error) reject(Object.assign(new Error('tcp'), { code: `errno ${-error}` }));
    }),
  'listen by TCP': () =>
    new Promise((resolve, reject) => {
      const server = net.createServer().listen(0, '127.0.0.1', () => server.close(resolve));
      server.on('error', reject);
    }),
  'send by UDP': (p) =>
    new Promise((resolve, reject) => {
      const socket = dgram.createSocket('udp4');
      socket.on('error', reject);
      socket.send('out', p.udp, '127.0.0.1', (error) => {
        socket.close();
        error ? reject(error) : resolve();
      });
    }),
  'ask a name server': (p) =>
    new Promise((resolve, reject) => {
      const resolver = new dns.Resolver({ timeout: 50, tries: 1 });
      resolver.setServers([`127.0.0.1:${p.udp}`]);
      // The canary does not answer: a time-out says that the question went out.
      resolver.resolve4('secret.example.org', (error) => (error?.code === 'ETIMEOUT' ? resolve() : reject(error)));
    }),
  'connect to a unix socket': (p) => connected({ path: p.unix }),
  'connect to an abstract socket': (p) => connected({ path: `\0${p.abstract}` }),
  'listen on a unix socket': (p) =>
    new Promise((resolve, reject) => {
      const server = net.createServer().listen(p.made, () => server.close(resolve));
      server.on('error', reject);
    }),
  'signal another process': (p) => process.kill(p.victim, 'SIGCONT'),
  'open the inspector of another process': (p) => process._debugProcess(p.victim),
  'open its own inspector': () => {
    inspector.open(0, '127.0.0.1');
    if (inspector.url() === undefined) throw Object.assign(new Error('none'), { code: 'NONE' });
    inspector.close();
  },
  'an inspector session': () => {
    const session = new inspector.Session();
    session.connect();
    session.disconnect();
  },
  'load native code': (p) => {
    try {
      process.dlopen({ exports: {} }, p.library);
    } catch (error) {
      // It was loaded, and is no addon.
      if (!/register/.test(error.message)) throw error;
    }
  },
  'WASI with the whole disk': () => {
    const { WASI } = require('node:wasi');
    return new WASI({ version: 'preview1', preopens: { '/': '/' } });
  },
  'replace the program': (p) => {
    if (!process.execve) throw Object.assign(new Error('none'), { code: 'MISSING' });
    process.execve(p.canary, ['x'], {});
  },
};

/** What ends the process where Node itself does not stop it, whatever the system says. */
const ENDING = ['replace the program'];

export async function attemptAll(places) {
  const results = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    if (places.skipEnding && ENDING.includes(name)) continue;
    try {
      let timer;
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(Object.assign(new Error('late'), { code: 'LATE' })), 2000);
      });
      const made = (async () => attempt(places))();
      await Promise.race([made, late]).finally(() => clearTimeout(timer));
      results[name] = 'through';
    } catch (error) {
      const cause = error?.cause?.code ?? error?.cause?.errors?.[0]?.code;
      results[name] = `stopped ${error?.code ?? cause ?? error?.name ?? error}`;
    }
    // Put back what would decide the next attempt.
    if (places.restore) {
      for (const made of [places.made, places.own]) fs.rmSync(made, { force: true, recursive: true });
      fs.writeFileSync(places.scratch, 'scratch');
    }
  }
  return results;
}

if (process.argv[2]) {
  process.on('uncaughtException', () => {});
  const results = await attemptAll(JSON.parse(process.argv[2]));
  process.stdout.write(JSON.stringify(results), () => process.exit(0));
}
