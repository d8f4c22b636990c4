import type { GeneratorCallback, Tree } from '@nx/devkit';
import { type GeneratorOptions, generate } from '../generate.ts';

/** Options of `nx g @krepis:module`; see schema.json. */
export interface ModuleOptions extends GeneratorOptions {
  readonly name: string;
}

/** Creates a module and imports it in the nearest one above. */
export default function module(tree: Tree, options: ModuleOptions): Promise<GeneratorCallback | undefined> {
  return generate(tree, { kind: 'module', arguments: [options.name], options });
}
