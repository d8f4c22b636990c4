import { KrepisError } from '../errors.ts';
import type { ModuleScope } from '../module/graph.ts';
import { Binding } from './binding.ts';
import { type InjectionContext, type InjectOptions, runInContext, type ShutdownHook } from './context.ts';
import type { NormalizedProvider } from './provider.ts';
import { describeToken, InjectionToken, type Token } from './token.ts';

/** Who asks: a binding under construction, or code at the edge such as a route handler. */
class Requester implements InjectionContext {
  readonly container: Container;
  readonly scope: ModuleScope | undefined;
  readonly binding: Binding | undefined;
  readonly parent: Requester | undefined;
  /** What `onShutdown(hook)` registered. */
  readonly hooks: ShutdownHook[] = [];
  readonly #label: string;

  constructor(container: Container, scope: ModuleScope | undefined, by: Binding | string, parent?: Requester) {
    this.container = container;
    this.scope = scope;
    this.binding = typeof by === 'string' ? undefined : by;
    this.#label = String(by);
    this.parent = parent;
  }

  /** The chain that led here, outermost first. */
  get path(): readonly string[] {
    return this.parent === undefined ? [this.#label] : [...this.parent.path, this.#label];
  }

  resolve(token: Token, options: InjectOptions): unknown {
    if (options.lazy) {
      // A requester of its own: when the function is called, the construction that asked for it is long over.
      const later = new Requester(this.container, this.scope, this.#label);
      const { lazy: _, ...rest } = options;
      return () => later.resolve(token, rest);
    }
    return this.container.resolve(token, options, this);
  }

  resolveAsync(token: Token, options: InjectOptions): Promise<unknown> {
    return this.container.resolveAsync(token, options, this);
  }

  onShutdown(hook: ShutdownHook): void {
    if (this.binding === undefined) throw new KrepisError('OUTSIDE_CONTEXT', { what: 'onShutdown' });
    this.hooks.push(hook);
  }
}

/** Something the container built and the app has to end. */
export interface Built {
  /** The token's name. */
  readonly name: string;
  /** The singleton; `undefined` for a transient or a failed build that registered hooks. */
  readonly value: unknown;
  /** What `onShutdown(hook)` registered while it was being built. */
  readonly hooks: readonly ShutdownHook[];
}

/**
 * Builds and keeps the values of one app. Models: needle-di's container (restoring the context synchronously, one pending
 * promise per singleton) and Angular's injector (visibility by scope).
 */
export class Container {
  readonly scopes: readonly ModuleScope[];
  readonly #shared = new Map<Token, readonly Binding[]>();
  readonly #built: Built[] = [];

  /**
   * @param scopes linked modules, dependencies first
   * @param shared what the app itself provides to every module, such as its logger
   */
  constructor(scopes: readonly ModuleScope[], shared: readonly NormalizedProvider[] = []) {
    this.scopes = scopes;
    for (const provider of shared) this.#shared.set(provider.token, [new Binding(provider, undefined)]);
  }

  /** What was built so far, in the order of completion: dependencies first. Values only given are not among them. */
  get built(): readonly Built[] {
    return this.#built;
  }

  /** The scope of the module the app was made from. */
  get root(): ModuleScope {
    return this.scopes.at(-1)!;
  }

  /**
   * Builds every singleton: first those with async factories, one after the other in start order, so that everything else
   * can be built synchronously.
   */
  async start(): Promise<void> {
    const bindings = this.scopes.flatMap((scope) => [...scope.bindings.values()].flat());
    const singletons = bindings.filter(({ lifetime }) => lifetime === 'singleton');
    for (const binding of singletons) {
      if (binding.recipe.kind === 'async') await this.#obtainAsync(binding, undefined);
    }
    for (const binding of singletons) this.#obtain(binding, undefined);
    for (const binding of bindings) {
      if (binding.recipe.kind === 'existing') this.#checkReachable(binding, binding.recipe.token);
    }
  }

  /** A context that injects what `scope` sees, for code such as a handler; `label` names it in messages. */
  contextOf(scope: ModuleScope, label: string): InjectionContext {
    return new Requester(this, scope, label);
  }

  /** Every binding of a token, whichever module it is in and whether or not it is exported. */
  everywhere(token: Token): readonly Binding[] {
    return [...this.scopes.flatMap((scope) => scope.bindings.get(token) ?? []), ...(this.#shared.get(token) ?? [])];
  }

  /** The value of a binding found by {@link everywhere}. */
  valueOf(binding: Binding): unknown {
    return this.#obtain(binding, undefined);
  }

  resolve(token: Token, options: InjectOptions, by: Requester): unknown {
    const bindings = this.#find(token, by);
    if (options.multi) {
      if (bindings.length === 0 && !options.optional) throw this.#missing(token, by);
      return bindings.map((binding) => this.#obtain(binding, by));
    }
    const binding = this.#only(token, bindings, options, by);
    return binding === undefined ? undefined : this.#obtain(binding, by);
  }

  async resolveAsync(token: Token, options: InjectOptions, by: Requester): Promise<unknown> {
    const bindings = this.#find(token, by);
    if (options.multi) {
      if (bindings.length === 0 && !options.optional) throw this.#missing(token, by);
      return Promise.all(bindings.map((binding) => this.#obtainAsync(binding, by)));
    }
    const binding = this.#only(token, bindings, options, by);
    return binding === undefined ? undefined : this.#obtainAsync(binding, by);
  }

  #checkReachable(binding: Binding, token: Token): void {
    const requester = new Requester(this, binding.owner, binding);
    this.#only(token, this.#find(token, requester), {}, requester);
  }

  #find(token: Token, by: Requester): readonly Binding[] {
    const visible = by.scope?.visible(token) ?? [];
    if (visible.length > 0) return visible;
    const shared = this.#shared.get(token);
    if (shared !== undefined) return shared;
    if (!(token instanceof InjectionToken) || token.factory === undefined) return [];
    const recipe = { kind: 'factory', factory: token.factory } as const;
    const fallback = [new Binding({ token, recipe, lifetime: 'singleton', multi: false }, undefined)];
    this.#shared.set(token, fallback);
    return fallback;
  }

  #only(token: Token, bindings: readonly Binding[], options: InjectOptions, by: Requester): Binding | undefined {
    const [binding, ...others] = bindings;
    if (binding === undefined) {
      if (options.optional) return undefined;
      throw this.#missing(token, by);
    }
    if (others.length === 0 && !binding.multi) return binding;
    throw new KrepisError('SEVERAL_PROVIDERS', {
      token: describeToken(token),
      module: by.scope?.name ?? 'the app',
      path: by.path.join(' -> '),
      modules: bindings.map(({ owner }) => owner?.name ?? 'the app').join(', '),
    });
  }

  #obtain(binding: Binding, by: Requester | undefined): unknown {
    const { state } = binding;
    if (state.kind === 'ready') return state.value;
    refuseCircle(binding, by);
    if (state.kind === 'pending' || binding.recipe.kind === 'async') {
      throw new KrepisError('NOT_READY', { token: String(binding), path: pathTo(binding, by) });
    }
    if (binding.lifetime === 'transient') return this.#build(binding, by);

    binding.state = { kind: 'constructing' };
    try {
      const value = this.#build(binding, by);
      binding.state = { kind: 'ready', value };
      return value;
    } catch (error) {
      binding.state = { kind: 'idle' };
      throw error;
    }
  }

  async #obtainAsync(binding: Binding, by: Requester | undefined): Promise<unknown> {
    const { state } = binding;
    if (state.kind === 'ready') return state.value;
    refuseCircle(binding, by);
    const waiting = by?.binding;
    if (waiting !== undefined) {
      const circle = findWait(binding, waiting);
      if (circle !== undefined) throw new KrepisError('CYCLE', { path: [waiting, ...circle].join(' -> ') });
      waiting.waitsFor.add(binding);
    }
    try {
      return await this.#pendingOf(binding, by);
    } finally {
      waiting?.waitsFor.delete(binding);
    }
  }

  #pendingOf(binding: Binding, by: Requester | undefined): Promise<unknown> {
    if (binding.state.kind === 'pending') return binding.state.promise;
    if (binding.lifetime === 'transient') return this.#buildAsync(binding, by);

    // Builds one microtask later, so that whatever the build asks for already finds this promise.
    const promise = Promise.resolve()
      .then(() => this.#buildAsync(binding, by))
      .then(
        (value) => {
          binding.state = { kind: 'ready', value };
          return value;
        },
        (error: unknown) => {
          binding.state = { kind: 'idle' };
          throw error;
        },
      );
    binding.state = { kind: 'pending', promise };
    return promise;
  }

  #build(binding: Binding, by: Requester | undefined): unknown {
    const requester = new Requester(this, binding.owner, binding, by);
    let value: unknown;
    try {
      value = this.#make(binding, requester);
      return value;
    } finally {
      this.#record(binding, requester, value);
    }
  }

  #make({ recipe }: Binding, requester: Requester): unknown {
    switch (recipe.kind) {
      case 'value':
        return recipe.value;
      case 'existing':
        return this.resolve(recipe.token, {}, requester);
      case 'class': {
        const parameters = recipe.dependencies.map((token) => this.resolve(token, {}, requester));
        return runInContext(requester, () => new recipe.useClass(...parameters));
      }
      default:
        return runInContext(requester, recipe.factory);
    }
  }

  async #buildAsync(binding: Binding, by: Requester | undefined): Promise<unknown> {
    const requester = new Requester(this, binding.owner, binding, by);
    let value: unknown;
    try {
      value = await this.#makeAsync(binding, requester);
      return value;
    } finally {
      this.#record(binding, requester, value);
    }
  }

  async #makeAsync(binding: Binding, requester: Requester): Promise<unknown> {
    const { recipe } = binding;
    switch (recipe.kind) {
      case 'existing':
        return this.resolveAsync(recipe.token, {}, requester);
      case 'class': {
        const parameters: unknown[] = [];
        for (const token of recipe.dependencies) parameters.push(await this.resolveAsync(token, {}, requester));
        return runInContext(requester, () => new recipe.useClass(...parameters));
      }
      default:
        return this.#make(binding, requester);
    }
  }

  /** Notes what has to be ended; of a failed build, what it registered before it failed. */
  #record({ token, recipe, lifetime }: Binding, { hooks }: Requester, value: unknown): void {
    const isOurs = lifetime === 'singleton' && recipe.kind !== 'value';
    if (!isOurs && hooks.length === 0) return;
    this.#built.push({ name: describeToken(token), value: isOurs ? value : undefined, hooks });
  }

  #missing(token: Token, by: Requester): KrepisError {
    const owners = this.everywhere(token).flatMap(({ owner }) => owner?.name ?? []);
    return new KrepisError('NO_PROVIDER', {
      token: describeToken(token),
      module: by.scope?.name ?? 'the app',
      path: [...by.path, describeToken(token)].join(' -> '),
      elsewhere: owners.length === 0 ? '' : `; ${owners.join(' and ')} has one that does not reach here`,
    });
  }
}

function refuseCircle(binding: Binding, by: Requester | undefined): void {
  for (let requester = by; requester !== undefined; requester = requester.parent) {
    if (requester.binding !== binding) continue;
    const path = by!.path;
    throw new KrepisError('CYCLE', { path: [...path.slice(path.indexOf(String(binding))), binding].join(' -> ') });
  }
  // A lazy dependency called too early: its requester knows no chain, but the constructor is still running.
  if (binding.state.kind === 'constructing') throw new KrepisError('CYCLE', { path: pathTo(binding, by) });
}

/** The way from `start` to `goal` along what waits for what, both ends included. */
function findWait(
  start: Binding,
  goal: Binding,
  seen: ReadonlySet<Binding> = new Set(),
): readonly Binding[] | undefined {
  if (start === goal) return [goal];
  if (seen.has(start)) return undefined;
  for (const next of start.waitsFor) {
    const rest = findWait(next, goal, new Set([...seen, start]));
    if (rest !== undefined) return [start, ...rest];
  }
  return undefined;
}

function pathTo(binding: Binding, by: Requester | undefined): string {
  return [...(by?.path ?? []), binding].join(' -> ');
}
