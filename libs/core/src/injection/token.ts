/** A class whose instances are `T`; abstract ones count, so that they can stand for a port. */
// biome-ignore lint/suspicious/noExplicitAny: only `any[]` accepts every constructor, whatever its parameters.
export type Class<T = unknown> = abstract new (...parameters: any[]) => T;

/** A class that can be instantiated. */
// biome-ignore lint/suspicious/noExplicitAny: only `any[]` accepts every constructor, whatever its parameters.
export type ConcreteClass<T = unknown> = new (...parameters: any[]) => T;

/** What can be asked for: a class stands for itself, an {@link InjectionToken} for a type without a run-time value. */
export type Token<T = unknown> = InjectionToken<T> | Class<T>;

/** The type a token stands for. */
export type TokenType<T> = T extends Token<infer Type> ? Type : never;

/** Settings of an {@link InjectionToken}. */
export interface InjectionTokenOptions<T> {
  /** Builds the value if no visible module provides the token. Runs once per app, in an injection context. */
  readonly factory?: () => T;
}

/**
 * The key of a dependency that has no class of its own: an interface (a port), a configuration, a function.
 *
 * @example
 * ```ts
 * export const ORDER_REPOSITORY = new InjectionToken<OrderRepository>('ORDER_REPOSITORY');
 * export const CLOCK = new InjectionToken<Clock>('CLOCK', { factory: () => systemClock });
 * ```
 */
export class InjectionToken<T> {
  /** Carries `T` for the type checker; there is no such field at run time. */
  declare readonly type: () => T;
  /** How messages name the token; by convention the name of the constant. */
  readonly description: string;
  /** The default value's factory, if there is one. */
  readonly factory: (() => T) | undefined;

  constructor(description: string, options: InjectionTokenOptions<T> = {}) {
    this.description = description;
    this.factory = options.factory;
  }

  toString(): string {
    return this.description;
  }
}

/** The token's name as messages show it. */
export function describeToken(token: Token): string {
  if (token instanceof InjectionToken) return token.description;
  return token.name || '(anonymous class)';
}

/** Whether a value found in a module's lists can be asked for at all. */
export function isToken(value: unknown): value is Token {
  return value instanceof InjectionToken || typeof value === 'function';
}
