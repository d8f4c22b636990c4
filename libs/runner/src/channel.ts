/** The two descriptors that join the runner to the master. */
import { readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { MasterFrame, RunnerFrame } from '@krepis/proto';
import { errors, RunnerError } from './errors.ts';
import { encodeFrame, FrameDecoder } from './frames.ts';

/** What the runner says, without the wrapping. */
export type RunnerMessage = NonNullable<RunnerFrame['frame']>;
/** What the master says, without the wrapping. */
export type MasterMessage = NonNullable<MasterFrame['frame']>;

/** Frames in on one descriptor, out on the other. Reading is blocking until {@link Channel.listen} takes over. */
export class Channel {
  readonly #input: number;
  readonly #output: number;
  readonly #decoder = new FrameDecoder();
  readonly #received: MasterMessage[] = [];
  #chunk: Buffer | undefined;

  /**
   * @param input - descriptor of the master's frames
   * @param output - descriptor for the runner's frames
   */
  constructor(input = 3, output = 4) {
    this.#input = input;
    this.#output = output;
  }

  /** Sends a message and returns when the operating system has all of it. */
  send(message: RunnerMessage): void {
    const frame = encodeFrame(RunnerFrame.encode({ frame: message }).finish());
    for (let sent = 0; sent < frame.length; ) {
      sent += writeSync(this.#output, frame, sent, frame.length - sent);
    }
  }

  /**
   * Waits for the next message without returning to the event loop.
   *
   * @returns undefined if the master has closed its end
   * @throws RunnerError BAD_FRAME
   */
  receive(): MasterMessage | undefined {
    this.#chunk ??= Buffer.allocUnsafe(64 * 1024);
    while (this.#received.length === 0) {
      const count = readSync(this.#input, this.#chunk, 0, this.#chunk.length, null);
      if (count === 0) {
        this.#decoder.end();
        return undefined;
      }
      // Payloads share memory with the chunk they came in, and the next read reuses it.
      this.#accept(Buffer.from(this.#chunk.subarray(0, count)));
    }
    return this.#received.shift();
  }

  /**
   * Goes on by events: a command on another thread must not keep this one waiting. `receive` is not called after this.
   *
   * @param onMessage - called for each message
   * @param onEnd - called once, with the reason if the stream broke
   */
  listen(onMessage: (message: MasterMessage) => void, onEnd: (reason?: unknown) => void): void {
    const socket = new Socket({ fd: this.#input, readable: true, writable: false });
    const deliver = () => {
      for (let message = this.#received.shift(); message; message = this.#received.shift()) onMessage(message);
    };
    socket.on('data', (chunk) => {
      try {
        this.#accept(chunk);
        deliver();
      } catch (error) {
        socket.destroy();
        onEnd(error);
      }
    });
    socket.on('end', () => onEnd());
    socket.on('error', onEnd);
    deliver();
  }

  #accept(chunk: Buffer): void {
    for (const payload of this.#decoder.push(chunk)) this.#received.push(decode(payload));
  }
}

function decode(payload: Uint8Array): MasterMessage {
  let message: MasterMessage | undefined;
  try {
    message = MasterFrame.decode(payload).frame;
  } catch (error) {
    throw new RunnerError(errors.BAD_FRAME, 'a frame holds no message of this version', { reason: String(error) });
  }
  if (!message) throw new RunnerError(errors.BAD_FRAME, 'a frame holds a message that this runner does not know');
  return message;
}
