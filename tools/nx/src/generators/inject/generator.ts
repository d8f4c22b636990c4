import type { GeneratorCallback, Tree } from '@nx/devkit';
import { type GeneratorOptions, generate } from '../generate.ts';

/** Options of `nx g @krepis:inject`; see schema.json. */
export interface InjectOptions extends GeneratorOptions {
  readonly class: string;
  readonly dependency: string;
}

/** Injects a dependency into an existing class and completes the module. */
export default function inject(tree: Tree, options: InjectOptions): Promise<GeneratorCallback | undefined> {
  return generate(tree, { kind: 'inject', arguments: [options.class, options.dependency], options });
}
