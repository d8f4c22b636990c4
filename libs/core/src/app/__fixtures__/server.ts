/** A service for shutdown tests: `GET /slow` is answered when a line arrives on stdin; prints what happens, one word a line. */
import { once } from 'node:events';
import { createApp, defineModule, inject, routes } from '../../index.ts';

class Pool {
  async onShutdown(): Promise<void> {
    await Promise.resolve();
    console.log('pool-ended');
    if (process.env.STUCK !== undefined) await new Promise(() => {});
  }
}

class Store {
  readonly #pool = inject(Pool);
  onShutdown(): void {
    console.log('store-ended', this.#pool instanceof Pool);
  }
}

const slow = routes('/', {
  'GET /slow': async () => {
    console.log('slow-begun');
    await once(process.stdin, 'data');
    console.log('slow-answered');
    return 'slow';
  },
});

const app = await createApp(defineModule({ providers: [Store, Pool], routes: [slow] }), {
  logger: { level: 'info', stream: { write: (line) => void process.stderr.write(line) } },
  shutdown: { deadlineMs: Number(process.env.DEADLINE ?? 5000), graceMs: Number(process.env.GRACE ?? 0) },
});
// A service has more that keeps its process alive: ending is the shutdown's work, not the empty event loop's.
setInterval(() => {}, 60_000);
console.log((await app.listen({ port: 0 })).url);
