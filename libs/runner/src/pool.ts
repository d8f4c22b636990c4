/** Runs commands on worker threads, so that one that throws, exits, hangs or eats memory costs only itself. */
import { availableParallelism } from 'node:os';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type Command, CommandResult, type QueryAnswer, type StartCommands } from '@krepis/proto';
import type { Channel } from './channel.ts';
import { errors, problem } from './errors.ts';
import { thrown } from './thrown.ts';
import { LOG_LIMIT, type RunMessage, type WorkerMessage, type WorkerSetup } from './worker-protocol.ts';

/** Old-space limit of a worker in MiB where the command names none. */
const DEFAULT_MEMORY_MB = 512;
/** What a worker holds before it runs anything, with room for our own code, in bytes. */
const BASE_MEMORY = 32 * 1024 * 1024;
/** How often a worker's memory is looked at, in milliseconds. */
const WATCH_EVERY = 100;

/** A worker with the ends of its channels. */
interface Seat {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly answers: MessagePort;
  readonly signal: Int32Array<SharedArrayBuffer>;
  /** Only workers that ran nothing but built-ins are used again: a module may leave anything behind. */
  readonly memoryMb: number;
  job: Job | undefined;
  ended: boolean;
}

/** A command on its way. */
interface Job {
  readonly command: Command;
  readonly done: (seat: Seat | undefined) => void;
  readonly timer: NodeJS.Timeout | undefined;
  logged: number;
}

/** Runs all commands of an invocation, a bounded number at a time. */
export class Pool {
  readonly #start: StartCommands;
  readonly #channel: Channel;
  readonly #entry: string;
  readonly #asking = new Map<number, Seat>();
  #queries = 0;

  /**
   * @param start - the invocation
   * @param channel - where results, logs and queries go
   * @param entry - absolute path of the worker's bundle
   */
  constructor(start: StartCommands, channel: Channel, entry: string) {
    this.#start = start;
    this.#channel = channel;
    this.#entry = entry;
  }

  /** Resolves when every command has its result sent. */
  async run(): Promise<void> {
    const waiting = [...this.#start.commands];
    const lane = async () => {
      let free: Seat | undefined;
      for (let command = waiting.shift(); command; command = waiting.shift()) {
        free = await this.#runOne(command, free);
      }
      void free?.worker.terminate();
    };
    const lanes = Math.min(waiting.length, this.#start.jobs || availableParallelism());
    await Promise.all(Array.from({ length: lanes }, lane));
  }

  /** Takes the master's answer to a query. */
  answer(answer: QueryAnswer): void {
    const seat = this.#asking.get(answer.id);
    if (!seat) return;
    this.#asking.delete(answer.id);
    seat.answers.postMessage({ classes: answer.classes, error: answer.error });
    Atomics.add(seat.signal, 0, 1);
    Atomics.notify(seat.signal, 0);
  }

  /** Resolves with the worker if it can take a further command. */
  #runOne(command: Command, free: Seat | undefined): Promise<Seat | undefined> {
    const builtin = command.source?.$case === 'builtin';
    const memoryMb = command.memoryMb || DEFAULT_MEMORY_MB;
    const reuse = builtin && free?.memoryMb === memoryMb;
    if (!reuse) void free?.worker.terminate();
    return new Promise((resolve) => {
      const seat = reuse && free ? free : this.#seat(memoryMb);
      seat.job = {
        command,
        logged: 0,
        timer: command.timeoutMs > 0 ? setTimeout(() => this.#timeOut(seat), command.timeoutMs) : undefined,
        done: (usable) => {
          if (!builtin) void usable?.worker.terminate();
          resolve(builtin ? usable : undefined);
        },
      };
      this.#channel.send({ $case: 'started', value: { command: command.id } });
      seat.port.postMessage({ run: command } satisfies RunMessage);
    });
  }

  #seat(memoryMb: number): Seat {
    const { port1, port2 } = new MessageChannel();
    const answers = new MessageChannel();
    const signal = new Int32Array(new SharedArrayBuffer(4));
    const { root, overlay, configJson } = this.#start;
    const setup: WorkerSetup = { port: port2, answers: answers.port2, signal, root, overlay, configJson };
    const worker = new Worker(this.#entry, {
      workerData: setup,
      transferList: [port2, answers.port2],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
    const seat: Seat = { worker, port: port1, answers: answers.port1, signal, memoryMb, job: undefined, ended: false };
    port1.on('message', (message: unknown) => this.#onMessage(seat, message));
    worker.on('error', (error) => this.#onError(seat, error));
    worker.on('exit', (code) => this.#onExit(seat, code));
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.on('data', (chunk: Buffer) => this.#log(seat, chunk.toString('utf8')));
    }
    void this.#watchMemory(seat);
    return seat;
  }

  #onMessage(seat: Seat, message: unknown): void {
    if (!isWorkerMessage(message)) return;
    if (message.kind === 'log') this.#log(seat, message.text);
    else if (message.kind === 'query') this.#ask(seat, message.className);
    else this.#result(seat, message.bytes);
  }

  #result(seat: Seat, bytes: Uint8Array): void {
    const job = seat.job;
    if (!job) return;
    try {
      const { outcome } = CommandResult.decode(bytes);
      if (!outcome) throw new Error('it holds no outcome');
      this.#finish(seat, outcome, seat);
    } catch (error) {
      const message = `command \`${job.command.name}\` sent a result that cannot be read`;
      this.#fail(seat, problem(errors.NOT_A_CHANGE_SET, message, { reason: String(error) }));
    }
  }

  #ask(seat: Seat, className: string): void {
    const id = ++this.#queries;
    this.#asking.set(id, seat);
    this.#channel.send({ $case: 'query', value: { id, question: { $case: 'className', value: className } } });
  }

  #log(seat: Seat, text: string): void {
    const { job } = seat;
    // What is over the limit is not worth its way; the one unit more tells the master to say so.
    if (!job || job.logged > LOG_LIMIT) return;
    const kept = text.slice(0, LOG_LIMIT + 1 - job.logged);
    job.logged += kept.length;
    this.#channel.send({ $case: 'log', value: { command: job.command.id, text: kept } });
  }

  /**
   * Ends a worker that holds more than its limit. V8's own limit is for its heap: the contents of Buffers lie beside it, and
   * a command may fill the machine with them.
   */
  async #watchMemory(seat: Seat): Promise<void> {
    const limit = seat.memoryMb * 1024 * 1024 + BASE_MEMORY;
    while (!seat.ended) {
      await new Promise((done) => setTimeout(done, WATCH_EVERY).unref());
      if (seat.ended) return;
      // This interrupts a thread that never comes back to its event loop, too. One that has not begun yet has no answer.
      const heap = await seat.worker.getHeapStatistics().catch(() => undefined);
      if (heap && heap.used_heap_size + heap.external_memory > limit) this.#outOfMemory(seat);
    }
  }

  #onError(seat: Seat, error: unknown): void {
    const { job } = seat;
    if (!job) return;
    const subject = `command \`${job.command.name}\``;
    if ((error as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY') {
      this.#outOfMemory(seat);
      return;
    }
    const { message, at } = thrown(error, this.#start.root);
    this.#fail(seat, problem(errors.COMMAND_THREW, `${subject} threw`, { at, reason: message }));
  }

  #outOfMemory(seat: Seat): void {
    if (!seat.job) return;
    const message = `command \`${seat.job.command.name}\` needed more than ${seat.memoryMb} MiB of memory`;
    this.#fail(
      seat,
      problem(errors.OUT_OF_MEMORY, message, {
        hint: 'nothing was changed; give it a higher limit or make it hold less at a time',
      }),
    );
  }

  #onExit(seat: Seat, code: number): void {
    seat.ended = true;
    if (!seat.job) return;
    const message = `command \`${seat.job.command.name}\` ended its thread with exit code ${code} before it had a result`;
    this.#fail(
      seat,
      problem(errors.COMMAND_EXITED, message, {
        hint: 'a command returns a change set; it does not call process.exit',
      }),
    );
  }

  #timeOut(seat: Seat): void {
    if (!seat.job) return;
    const { name, timeoutMs } = seat.job.command;
    const message = `command \`${name}\` ran longer than ${timeoutMs} ms and was stopped`;
    this.#fail(
      seat,
      problem(errors.COMMAND_TIMED_OUT, message, { hint: 'nothing was changed; give it more time or make it faster' }),
    );
  }

  #fail(seat: Seat, value: ReturnType<typeof problem>): void {
    this.#finish(seat, { $case: 'error', value }, undefined);
    void seat.worker.terminate();
  }

  #finish(seat: Seat, outcome: NonNullable<CommandResult['outcome']>, usable: Seat | undefined): void {
    const job = seat.job;
    if (!job) return;
    seat.job = undefined;
    clearTimeout(job.timer);
    this.#channel.send({ $case: 'result', value: { command: job.command.id, outcome } });
    job.done(usable);
  }
}

function isWorkerMessage(message: unknown): message is WorkerMessage {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return false;
  const { kind, text, className, bytes } = message as Record<string, unknown>;
  if (kind === 'log') return typeof text === 'string';
  if (kind === 'query') return typeof className === 'string';
  return kind === 'result' && bytes instanceof Uint8Array;
}
