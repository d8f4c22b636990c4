import type { GeneratorCallback, Tree } from '@nx/devkit';
import { type GeneratorOptions, generate } from '../generate.ts';

/** Options of `nx g @krepis:service`; see schema.json. */
export interface ServiceOptions extends GeneratorOptions {
  readonly name: string;
}

/** Creates a service class and its test, and registers it in the nearest module. */
export default function service(tree: Tree, options: ServiceOptions): Promise<GeneratorCallback | undefined> {
  return generate(tree, { kind: 'service', arguments: [options.name], options });
}
