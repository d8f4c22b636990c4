import { AsyncLocalStorage, createHook } from 'node:async_hooks';

/** What keeps a process alive after its app has ended, by Node's name for it. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['Timeout', 'timer'],
  ['TCPSERVERWRAP', 'server'],
  ['TCPWRAP', 'connection'],
  ['PIPESERVERWRAP', 'server'],
  ['PIPEWRAP', 'pipe'],
  ['UDPWRAP', 'UDP socket'],
  ['PROCESSWRAP', 'child process'],
  ['FSEVENTWRAP', 'file watcher'],
  ['STATWATCHER', 'file watcher'],
  ['WORKER', 'worker thread'],
]);

// Closing a handle takes a few turns of the event loop: its callbacks, then what they close in turn.
const TURNS = 10;

interface Opened {
  readonly kind: string;
  readonly place: string;
  readonly resource: WeakRef<{ hasRef?(): boolean }>;
}

/** Watches what is opened by code it runs. */
export class LeakWatch {
  readonly #running = new AsyncLocalStorage<true>();
  readonly #open = new Map<number, Opened>();
  readonly #hook = createHook({
    init: (id, type, _trigger, resource) => {
      const kind = KINDS.get(type);
      if (kind === undefined || this.#running.getStore() === undefined) return;
      this.#open.set(id, { kind, place: callerPlace(), resource: new WeakRef(resource) });
    },
    destroy: (id) => void this.#open.delete(id),
  });

  constructor() {
    this.#hook.enable();
  }

  /** Runs `callback`; whatever it opens, now or later, is watched. */
  run<T>(callback: () => T): T {
    return this.#running.run(true, callback);
  }

  /** Stops watching. Returns what is still open and keeps the process alive, and where it was opened. */
  async finish(): Promise<readonly string[]> {
    let leaks = this.#leaks();
    for (let turn = 0; leaks.length > 0 && turn < TURNS; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      leaks = this.#leaks();
    }
    this.#hook.disable();
    this.#open.clear();
    return leaks;
  }

  #leaks(): readonly string[] {
    return [...this.#open.values()]
      .filter(({ resource }) => resource.deref()?.hasRef?.() ?? false)
      .map(({ kind, place }) => (place === '' ? kind : `${kind} (${place})`));
  }
}

/** The first place on the stack that is neither Node's, nor a dependency's, nor this file's. */
function callerPlace(): string {
  const lines = new Error().stack?.split('\n').slice(1) ?? [];
  const line = lines.find((entry) => !/node:|node_modules|[\\/]testing[\\/]leaks\.[jt]s/.test(entry));
  return line?.trim() ?? '';
}
