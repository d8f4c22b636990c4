/** The built-in generators: pure functions from a view of the workspace to a change set. */
export { errors } from './errors.ts';
export { generate, kinds } from './generate.ts';
export type { GenerateOptions } from './options.ts';
