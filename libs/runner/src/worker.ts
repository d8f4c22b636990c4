/** Entry of a worker thread: runs one command after the other, as the main thread says. */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type Command, CommandResult } from '@krepis/proto';
import { loadBuiltins } from './builtins.ts';
import { type Outcome, runCommand } from './command.ts';
import { errors, problem } from './errors.ts';
import { thrown } from './thrown.ts';
import { DiskView } from './view.ts';
import type { Answer, RunMessage, WorkerMessage, WorkerSetup } from './worker-protocol.ts';

const { port, answers, signal, root, overlay, configJson } = workerData as WorkerSetup;

let current: Command | undefined;

port.on('message', ({ run }: RunMessage) => {
  current = run;
  const view = new DiskView({ root, overlay, configJson, findClasses: ask });
  void runCommand(run, { view, root, loadBuiltins, log: (text) => post({ kind: 'log', text }) }).then(finish);
});

// Output goes the same way as the result, so that it arrives before it.
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (chunk: unknown, encoding?: unknown, done?: unknown) => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString('utf8');
    post({ kind: 'log', text });
    const callback = [encoding, done].find((value) => typeof value === 'function') as (() => void) | undefined;
    if (callback) queueMicrotask(callback);
    return true;
  };
}

process.on('unhandledRejection', (error) => fail('UNHANDLED_REJECTION', 'left a rejected promise unhandled', error));
process.on('uncaughtException', (error) => fail('COMMAND_THREW', 'threw outside of its own call', error));

function fail(code: 'UNHANDLED_REJECTION' | 'COMMAND_THREW', what: string, error: unknown): void {
  const { message, stack, at } = thrown(error, root);
  if (stack) post({ kind: 'log', text: `${stack}\n` });
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
