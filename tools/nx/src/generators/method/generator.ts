import type { GeneratorCallback, Tree } from '@nx/devkit';
import { type GeneratorOptions, generate } from '../generate.ts';

/** Options of `nx g @krepis:method`; see schema.json. */
export interface MethodOptions extends GeneratorOptions {
  readonly class: string;
  readonly signature: string;
}

/** Adds a method to an existing class. */
export default function method(tree: Tree, options: MethodOptions): Promise<GeneratorCallback | undefined> {
  return generate(tree, { kind: 'method', arguments: [options.class, options.signature], options });
}
