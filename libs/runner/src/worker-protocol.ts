/** What passes between the main thread and a worker. */
import type { MessagePort } from 'node:worker_threads';
import type { ClassSite, Command, OverlayFile, Problem } from '@krepis/proto';

/** Log text of one command that reaches the master, in UTF-16 units; the master's limit is as many bytes. */
export const LOG_LIMIT = 1024 * 1024;

/** What a worker is started with. */
export interface WorkerSetup {
  /** A channel of its own: a command has `parentPort` too and may write anything there. */
  readonly port: MessagePort;
  /** Where answers to queries arrive while the worker blocks. */
  readonly answers: MessagePort;
  /** One number that the main thread raises and notifies for each answer. */
  readonly signal: Int32Array<SharedArrayBuffer>;
  readonly root: string;
  readonly overlay: OverlayFile[];
  readonly configJson: string;
}

/** From the main thread. */
export interface RunMessage {
  readonly run: Command;
}

/** From a worker. */
export type WorkerMessage =
  | { readonly kind: 'log'; readonly text: string }
  | { readonly kind: 'query'; readonly className: string }
  /** An encoded `CommandResult`. */
  | { readonly kind: 'result'; readonly bytes: Uint8Array };

/** The answer to a query. */
export interface Answer {
  readonly classes: ClassSite[];
  readonly error?: Problem | undefined;
}
