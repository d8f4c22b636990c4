import type { ModuleScope } from '../module/graph.ts';
import type { Lifetime, NormalizedProvider, Recipe } from './provider.ts';
import { describeToken, type Token } from './token.ts';

/** Where a singleton is on its way. */
export type BindingState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'constructing' }
  | { readonly kind: 'pending'; readonly promise: Promise<unknown> }
  | { readonly kind: 'ready'; readonly value: unknown };

/** A provider inside one app: its module, and for a singleton what became of it. */
export class Binding {
  readonly token: Token;
  readonly recipe: Recipe;
  readonly lifetime: Lifetime;
  readonly multi: boolean;
  /** The module it belongs to; `undefined` for what the app itself provides. Its dependencies come from there. */
  readonly owner: ModuleScope | undefined;
  /** Async bindings it waits for at the moment: the edges in which a deadlock would show. */
  readonly waitsFor = new Set<Binding>();
  state: BindingState = { kind: 'idle' };

  constructor(provider: NormalizedProvider, owner: ModuleScope | undefined) {
    this.token = provider.token;
    this.recipe = provider.recipe;
    this.lifetime = provider.lifetime;
    this.multi = provider.multi;
    this.owner = owner;
  }

  toString(): string {
    return describeToken(this.token);
  }
}
