import type { Routes } from '../http/routes.ts';
import type { CheckedProviders, Provider } from '../injection/provider.ts';
import type { Token } from '../injection/token.ts';

// Symbol.for: a module stays one when two copies of this package meet in one process.
const MODULE = Symbol.for('@krepis/core/module');

/** What {@link defineModule} takes. */
export interface ModuleOptions<Providers extends readonly unknown[] = readonly Provider[]> {
  /** How messages name the module. Default: after its first provider or route prefix. */
  readonly name?: string;
  /** Modules whose exports this one's providers and routes may inject. */
  readonly imports?: readonly Module[];
  /** What the module builds; seen by itself only, unless exported. */
  readonly providers?: Providers & CheckedProviders<Providers>;
  /** Its HTTP routes; their handlers inject from this module. */
  readonly routes?: readonly Routes[];
  /** What importers see: tokens that this module provides or imports, or whole imported modules. */
  readonly exports?: readonly (Token | Module)[];
}

/** A module: a frozen plain object that can be read without running anything. Its identity is the object. */
export interface Module {
  readonly name: string | undefined;
  readonly imports: readonly Module[];
  readonly providers: readonly Provider[];
  readonly routes: readonly Routes[];
  readonly exports: readonly (Token | Module)[];
}

/**
 * Declares a module: what it imports, provides, answers over HTTP and exports. Providers are compared with the type of
 * their token at compile time.
 *
 * @example
 * ```ts
 * export const billingModule = defineModule({
 *   imports: [ordersModule],
 *   providers: [BillingService, { provide: INVOICES, useClass: FileInvoices }],
 *   routes: [billingRoutes],
 *   exports: [BillingService],
 * });
 * ```
 * A module with settings is a function that returns one: `const mail = (options) => defineModule({ … })`; every call
 * gives a module of its own.
 */
export function defineModule<const Providers extends readonly unknown[] = []>(
  options: ModuleOptions<Providers>,
): Module {
  const module = {
    [MODULE]: true,
    name: options.name,
    imports: Object.freeze([...(options.imports ?? [])]),
    providers: Object.freeze([...(options.providers ?? [])]) as readonly Provider[],
    routes: Object.freeze([...(options.routes ?? [])]),
    exports: Object.freeze([...(options.exports ?? [])]),
  };
  return Object.freeze(module);
}

/** Whether a value was made by {@link defineModule}. */
export function isModule(value: unknown): value is Module {
  return typeof value === 'object' && value !== null && MODULE in value;
}
