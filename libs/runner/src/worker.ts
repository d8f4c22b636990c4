/** Entry of a worker thread: runs one command after the other, as the main thread says. */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type Command, CommandResult } from '@krepis/proto';
import { loadBuiltins } from './builtins.ts';
import { type Outcome, runCommand } from './command.ts';
import { errors, problem } from './errors.ts';
import { thrown } from './thrown.ts';
import { DiskView } from './view.ts';
import { type Answer, LOG_LIMIT, type RunMessage, type WorkerMessage, type WorkerSetup } from './worker-protocol.ts';

const { port, answers, signal, root, overlay, configJson } = workerData as WorkerSetup;

let current: Command | undefined;
let logged = 0;

port.on('message', ({ run }: RunMessage) => {
  current = run;
  logged = 0;
  const view = new DiskView({ root, overlay, configJson, findClasses: ask });
  void runCommand(run, { view, root, loadBuiltins, log }).then(finish);
});

// Output goes the same way as the result, so that it arrives before it.
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (chunk: unknown, encoding?: unknown, done?: unknown) => {
    log(chunk as string | Uint8Array);
    const callback = [encoding, done].find((value) => typeof value === 'function') as (() => void) | undefined;
    if (callback) queueMicrotask(callback);
    return true;
  };
}

process.on('unhandledRejection', (error) => fail('UNHANDLED_REJECTION', 'left a rejected promise unhandled', error));
process.on('uncaughtException', (error) => fail('COMMAND_THREW', 'threw outside of its own call', error));

/** A flood ends here: on the main thread it would pile up faster than it is sent. */
function log(chunk: string | Uint8Array): void {
  const left = LOG_LIMIT + 1 - logged;
  if (left <= 0) return;
  const text =
    typeof chunk === 'string' ? chunk.slice(0, left) : Buffer.from(chunk.subarray(0, left + 4)).toString('utf8');
  logged += text.length;
  post({ kind: 'log', text });
}

function fail(code: 'UNHANDLED_REJECTION' | 'COMMAND_THREW', what: string, error: unknown): void {
  const { message, stack, at } = thrown(error, root);
  if (stack) log(`${stack}\n`);
  finish({
    $case: 'error',
    value: problem(errors[code], `command \`${current?.name}\` ${what}`, { at, reason: message }),
  });
}

function finish(outcome: Outcome): void {
  if (!current) return;
  const bytes = CommandResult.encode({ command: current.id, outcome }).finish();
  current = undefined;
  post({ kind: 'result', bytes });
}

/** Blocks this thread until the main thread has the master's answer. */
function ask(className: string): Answer {
  const before = Atomics.load(signal, 0);
  post({ kind: 'query', className });
  Atomics.wait(signal, 0, before);
  return receiveMessageOnPort(answers)?.message as Answer;
}

function post(message: WorkerMessage): void {
  port.postMessage(message);
}
