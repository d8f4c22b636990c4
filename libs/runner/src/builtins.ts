/** Loads the built-in generators where they are wanted: with them comes ts-morph, which is 10 MB of code. */
import { createRequire } from 'node:module';
import type { Generate } from './command.ts';

/** The `generate` of @krepis/generator, from the bundle beside this one. */
export function loadBuiltins(): Generate {
  const { generate } = createRequire(__filename)('./generator.cjs') as { generate: Generate };
  return generate;
}
