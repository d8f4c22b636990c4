import { KrepisError } from '../errors.ts';
import type { Built } from '../injection/container.ts';
import type { Logger } from './logger.ts';

/** A provider that prepares itself once everything is built, before the app answers requests. Dependencies go first. */
export interface OnInit {
  onInit(): void | Promise<void>;
}

/** A provider that ends itself when the app closes, after everything that depends on it. */
export interface OnShutdown {
  onShutdown(): void | Promise<void>;
}

/** Calls `onInit()` of everything built, dependencies first. */
export async function initialize(built: readonly Built[]): Promise<void> {
  for (const { value } of built) {
    if (hasMethod(value, 'onInit')) await value.onInit();
  }
}

/**
 * Ends everything built, in reverse dependency order. A hook that fails does not keep the others from running.
 *
 * @param entering is told the name of each provider before its hooks run
 * @throws KrepisError KRP8204 with what the hooks threw as `cause.errors`
 */
export async function terminate(built: readonly Built[], log: Logger, entering: (name: string) => void): Promise<void> {
  const failures: { readonly name: string; readonly error: unknown }[] = [];
  for (const { name, value, hooks } of [...built].reverse()) {
    entering(name);
    const endings = [...hooks].reverse();
    if (hasMethod(value, 'onShutdown')) endings.unshift(() => value.onShutdown());
    for (const end of endings) {
      try {
        await end();
      } catch (error) {
        log.error({ err: error }, `shutdown hook of ${name} failed`);
        failures.push({ name, error });
      }
    }
  }
  if (failures.length === 0) return;
  const cause = new AggregateError(failures.map(({ error }) => error));
  const names = failures.map(({ name }) => name).join(', ');
  throw new KrepisError('SHUTDOWN_FAILED', { count: failures.length, names }, { cause });
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is { readonly [Key in Name]: () => void | Promise<void> } {
  return typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[name] === 'function';
}
