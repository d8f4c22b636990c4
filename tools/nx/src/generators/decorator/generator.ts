import type { GeneratorCallback, Tree } from '@nx/devkit';
import { type GeneratorOptions, generate } from '../generate.ts';

/** Options of `nx g @krepis:decorator`; see schema.json. */
export interface DecoratorOptions extends GeneratorOptions {
  readonly target: string;
  readonly decorator: string;
}

/** Puts a decorator on a class or one of its members. */
export default function decorator(tree: Tree, options: DecoratorOptions): Promise<GeneratorCallback | undefined> {
  return generate(tree, { kind: 'decorator', arguments: [options.target, options.decorator], options });
}
