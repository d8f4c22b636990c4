import { KrepisError } from '../errors.ts';
import type { NormalizedProvider } from '../injection/provider.ts';
import { describeToken, InjectionToken, type Token } from '../injection/token.ts';
import type { ReplaceProvider } from '../module/graph.ts';

/** Values that stand in for what modules provide, by token. */
export type Overrides = ReadonlyMap<Token, unknown>;

/** Puts overrides in place while modules are linked, and keeps count of those that found one. */
export class OverrideTable {
  readonly #overrides: Overrides;
  readonly #used = new Set<Token>();

  constructor(overrides: Overrides) {
    this.#overrides = overrides;
  }

  /** In the place of several `multi` providers one value stands. */
  readonly replace: ReplaceProvider = (provider) => {
    const { token, multi } = provider;
    if (!this.#overrides.has(token)) return provider;
    if (multi && this.#used.has(token)) return undefined;
    this.#used.add(token);
    return { ...this.#valueOf(token), multi };
  };

  /** Overrides of what no module provides but the app itself, or the token's own factory, would. */
  shared(known: readonly NormalizedProvider[]): readonly NormalizedProvider[] {
    const values: NormalizedProvider[] = [];
    for (const token of this.#overrides.keys()) {
      if (this.#used.has(token)) continue;
      const hasFactory = token instanceof InjectionToken && token.factory !== undefined;
      if (!hasFactory && !known.some((provider) => provider.token === token)) {
        throw new KrepisError('UNUSED_OVERRIDE', { token: describeToken(token) });
      }
      values.push(this.#valueOf(token));
    }
    return values;
  }

  #valueOf(token: Token): NormalizedProvider {
    const recipe = { kind: 'value', value: this.#overrides.get(token) } as const;
    return { token, recipe, lifetime: 'singleton', multi: false };
  }
}
