import { InjectionToken } from '../injection/token.ts';
import { requestContext } from './request-context.ts';

/** Writes one event: a message, or fields and a message. */
export interface LogMethod {
  (message: string): void;
  (fields: object, message?: string): void;
}

/** The methods of pino that the framework and applications need. */
export interface Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
}

/**
 * The app's logger. During a request its lines carry the request's id, wherever in the call tree they are written.
 *
 * @example
 * ```ts
 * readonly #log = inject(LOGGER);
 * ```
 */
export const LOGGER = new InjectionToken<Logger>('LOGGER');

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** A logger that writes to the current request's logger, or outside a request to `base`. */
export function contextLogger(base: Logger): Logger {
  const methods = LEVELS.map((level) => {
    const write = (...event: [object, string?]): void => (requestContext()?.log ?? base)[level](...event);
    return [level, write] as const;
  });
  return Object.freeze(Object.fromEntries(methods)) as unknown as Logger;
}
