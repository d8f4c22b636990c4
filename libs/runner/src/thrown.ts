/** Whatever was thrown, as text: a command can throw anything, and looking at it can throw again. */
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place, Problem } from '@krepis/proto';

/** A thrown value, read safely. */
export interface Thrown {
  /** One line, for example `TypeError: x is not a function`. */
  readonly message: string;
  /** The stack, if it had one. */
  readonly stack: string | undefined;
  /** The first line of the stack that lies in the workspace. */
  readonly at: Place | undefined;
}

/**
 * Reads a thrown value.
 *
 * @param error - anything
 * @param root - absolute path of the workspace; the place is relative to it
 */
export function thrown(error: unknown, root: string): Thrown {
  const stack = safely(() => (error instanceof Error || isErrorLike(error) ? string(error.stack) : undefined));
  const text = safely(() =>
    isErrorLike(error)
      ? `${string(error.name) ?? 'Error'}: ${string(error.message) ?? ''}`
      : `it threw ${describe(error)}`,
  );
  const line = (text ?? 'a value that cannot be looked at').split('\n', 1)[0] as string;
  return { message: line.slice(0, 1000), stack, at: stack === undefined ? undefined : placeIn(stack, root) };
}

/**
 * The refusal that a command threw, or undefined. By form and not by class: a command of the workspace imports its own
 * copy of @krepis/plugin.
 */
export function asRefusal(error: unknown): Problem | undefined {
  return safely(() => {
    if (!isErrorLike(error) || error.name !== 'Refusal') return undefined;
    const { code, message, at, reason, hint, exit } = error as { [key: string]: unknown };
    if (typeof code !== 'string' || !/^[A-Z]{2,8}\d{4}$/.test(code) || typeof message !== 'string') return undefined;
    return { code, message, at: place(at), reason: string(reason), hint: string(hint), exit: count(exit) || undefined };
  });
}

function place(value: unknown): Place | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { path, line, column } = value as { [key: string]: unknown };
  return typeof path === 'string' ? { path, line: count(line), column: count(column) } : undefined;
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff ? value : 0;
}

function placeIn(stack: string, root: string): Place | undefined {
  for (const line of stack.split('\n')) {
    const match = /(?:\(|at (?:async )?|^)((?:file:\/\/)?\/[^()]*?):(\d+)(?::(\d+))?\)?$/.exec(line.trim());
    if (!match) continue;
    const file = safely(() => (match[1]?.startsWith('file:') ? fileURLToPath(match[1]) : match[1]));
    const path = file === undefined ? '..' : relative(root, file);
    if (path === '' || path.startsWith('..')) continue;
    return { path: path.split(sep).join('/'), line: Number(match[2]), column: Number(match[3] ?? 0) };
  }
  return undefined;
}

function isErrorLike(error: unknown): error is { name?: unknown; message?: unknown; stack?: unknown } {
  return typeof error === 'object' && error !== null && 'message' in error;
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)?.slice(0, 200) ?? 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

function safely<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
