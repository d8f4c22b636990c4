import type { GeneratorCallback, Tree } from '@nx/devkit';
import { type GeneratorOptions, generate } from '../generate.ts';

/** Options of `nx g @krepis:controller`; see schema.json. */
export interface ControllerOptions extends GeneratorOptions {
  readonly name: string;
}

/** Creates routes (or a controller class) and registers them in the nearest module. */
export default function controller(tree: Tree, options: ControllerOptions): Promise<GeneratorCallback | undefined> {
  return generate(tree, { kind: 'controller', arguments: [options.name], options });
}
