import type { ExecutorContext } from '@nx/devkit';
import { spawnKrepis } from '../spawn.ts';

/** Options of the executor `generate`; see schema.json. */
export interface GenerateOptions {
  readonly kind: string;
  readonly arguments: readonly string[];
  readonly dir?: string;
  readonly module?: string;
  readonly file?: string;
  readonly from?: string;
  readonly body?: string;
  readonly tests?: boolean;
  readonly dryRun?: boolean;
  readonly directory?: string;
}

/** Runs a generator as a task; krepis is the writer: `krepis generate`. */
export default async function generate(
  options: GenerateOptions,
  context: ExecutorContext,
): Promise<{ success: boolean }> {
  return spawnKrepis(generateArguments(options), context, options.directory);
}

/** The command line for the options. */
export function generateArguments(options: GenerateOptions): string[] {
  const named = (['dir', 'module', 'file', 'from', 'body'] as const).flatMap((name) => {
    const value = options[name];
    return value === undefined ? [] : [`--${name}=${value}`];
  });
  return [
    'generate',
    options.kind,
    ...named,
    ...(options.tests === false ? ['--no-tests'] : []),
    ...(options.dryRun === true ? ['--dry-run'] : []),
    '--',
    ...options.arguments,
  ];
}
