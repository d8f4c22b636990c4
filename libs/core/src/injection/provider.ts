import { KrepisError } from '../errors.ts';
import {
  type Class,
  type ConcreteClass,
  describeToken,
  InjectionToken,
  isToken,
  type Token,
  type TokenType,
} from './token.ts';

/** `singleton`: one instance per app (the default). `transient`: a new one for each place that asks. */
export type Lifetime = 'singleton' | 'transient';

interface ProviderBase<T> {
  /** What is asked for. */
  readonly provide: Token<T>;
  /** Several providers of the same token are collected; see `inject(TOKEN, { multi: true })`. */
  readonly multi?: boolean;
}

/** Builds an instance of a class. */
export interface ClassProvider<T = unknown> extends ProviderBase<T> {
  readonly useClass: ConcreteClass<T>;
  readonly scope?: Lifetime;
}

/** Gives a value that exists already. The container neither starts nor ends it. */
export interface ValueProvider<T = unknown> extends ProviderBase<T> {
  readonly useValue: T;
}

/** Calls a function, in an injection context: it may use `inject()`. */
export interface FactoryProvider<T = unknown> extends ProviderBase<T> {
  readonly useFactory: () => T;
  readonly async?: false;
  readonly scope?: Lifetime;
}

/** Calls an async function. It is awaited before the app is ready, so that others can `inject()` its value. */
export interface AsyncFactoryProvider<T = unknown> extends ProviderBase<T> {
  readonly useFactory: () => Promise<T>;
  readonly async: true;
  readonly scope?: Lifetime;
}

/** A second name for another token. */
export interface ExistingProvider<T = unknown> extends ProviderBase<T> {
  readonly useExisting: Token<T>;
}

/** A provider of `T` in the long form. */
export type ProviderOf<T> =
  | ClassProvider<T>
  | ValueProvider<T>
  | FactoryProvider<T>
  | AsyncFactoryProvider<T>
  | ExistingProvider<T>;

/** An entry of a module's `providers`: a class, which provides itself, or one of the long forms. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds providers of unlike types; CheckedProviders compares each with its token.
export type Provider = ConcreteClass | ProviderOf<any>;

type Instances<Tokens extends readonly unknown[]> = { -readonly [I in keyof Tokens]: TokenType<Tokens[I]> };

/** `C` if the container can call its constructor, else the form it would need. */
type Constructible<C> = C extends new () => unknown
  ? C
  : C extends ConcreteClass & { readonly inject: infer Tokens extends readonly unknown[] }
    ? Instances<Tokens> extends ConstructorParameters<C>
      ? C
      : { readonly 'constructor parameters must match `static inject`': never }
    : { readonly 'constructor has parameters: use inject() fields or `static inject`': never };

/** What an entry that provides `T` in a long form must be; `unknown` if it is that. */
type Fault<P, T> = P extends { readonly useClass: infer C }
  ? C extends ConcreteClass<T>
    ? C extends Constructible<C>
      ? unknown
      : { readonly useClass: Constructible<C> }
    : { readonly useClass: ConcreteClass<T> }
  : P extends { readonly async: true }
    ? P extends { readonly useFactory: () => Promise<T> }
      ? unknown
      : { readonly useFactory: () => Promise<T> }
    : P extends { readonly useFactory: unknown }
      ? P extends { readonly useFactory: () => T }
        ? unknown
        : { readonly useFactory: () => T }
      : P extends { readonly useExisting: unknown }
        ? P extends { readonly useExisting: Token<T> }
          ? unknown
          : { readonly useExisting: Token<T> }
        : P extends { readonly useValue: T }
          ? unknown
          : { readonly useValue: T };

type CheckedProvider<P> = unknown extends P
  ? Provider // not inferred: an entry holds a function whose parameters have no types yet
  : P extends { readonly provide: infer Key }
    ? P & Fault<P, TokenType<Key>>
    : P extends Constructible<P>
      ? P
      : Constructible<P>;

/** Compares, at compile time, each provider of a list with the type of the token it provides. */
export type CheckedProviders<List extends readonly unknown[]> = {
  readonly [I in keyof List]: CheckedProvider<List[I]>;
};

/** How a provider makes its value, after the forms above have been read. */
export type Recipe =
  | { readonly kind: 'class'; readonly useClass: ConcreteClass; readonly dependencies: readonly Token[] }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'factory'; readonly factory: () => unknown }
  | { readonly kind: 'async'; readonly factory: () => Promise<unknown> }
  | { readonly kind: 'existing'; readonly token: Token };

/** A provider as the container works with it. */
export interface NormalizedProvider {
  readonly token: Token;
  readonly recipe: Recipe;
  readonly lifetime: Lifetime;
  readonly multi: boolean;
}

/**
 * Reads a provider's form. Returns `undefined` for a value that is not a provider at all.
 *
 * @throws KrepisError KRP8006 if a class has constructor parameters that nothing declares.
 */
export function normalizeProvider(provider: unknown): NormalizedProvider | undefined {
  if (typeof provider === 'function') {
    const useClass = provider as ConcreteClass;
    return { token: useClass, recipe: classRecipe(useClass), lifetime: 'singleton', multi: false };
  }
  if (typeof provider !== 'object' || provider === null) return undefined;

  const form = provider as Partial<Record<'useClass' | 'useValue' | 'useFactory' | 'useExisting' | 'async', unknown>> &
    Partial<Pick<ClassProvider, 'provide' | 'multi' | 'scope'>>;
  if (!isToken(form.provide)) return undefined;
  const recipe = readRecipe(form);
  if (recipe === undefined) return undefined;
  // A second name keeps nothing of its own: the token behind it decides how long its value lives.
  const lifetime = recipe.kind === 'existing' ? 'transient' : (form.scope ?? 'singleton');
  return { token: form.provide, recipe, lifetime, multi: form.multi ?? false };
}

function readRecipe(form: object): Recipe | undefined {
  if ('useClass' in form) {
    return typeof form.useClass === 'function' ? classRecipe(form.useClass as ConcreteClass) : undefined;
  }
  if ('useValue' in form) return { kind: 'value', value: form.useValue };
  if ('useFactory' in form) {
    if (typeof form.useFactory !== 'function') return undefined;
    const isAsync = 'async' in form && form.async === true;
    return isAsync
      ? { kind: 'async', factory: form.useFactory as () => Promise<unknown> }
      : { kind: 'factory', factory: form.useFactory as () => unknown };
  }
  if ('useExisting' in form) {
    return isToken(form.useExisting) ? { kind: 'existing', token: form.useExisting } : undefined;
  }
  return undefined;
}

function classRecipe(useClass: ConcreteClass): Recipe {
  const dependencies = (useClass as { readonly inject?: readonly Token[] }).inject ?? [];
  // `length` counts parameters up to the first default, exactly those that would arrive undefined.
  if (useClass.length > dependencies.length || !dependencies.every(isToken)) {
    throw new KrepisError('UNDECLARED_PARAMETERS', {
      token: describeToken(useClass),
      count: useClass.length,
      declared: dependencies.length === 0 ? 'none' : dependencies.map(describeDependency).join(', '),
    });
  }
  return { kind: 'class', useClass, dependencies };
}

function describeDependency(dependency: unknown): string {
  return dependency instanceof InjectionToken || typeof dependency === 'function'
    ? describeToken(dependency as Class)
    : String(dependency);
}
