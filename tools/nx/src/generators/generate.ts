import { join } from 'node:path';
import { type GeneratorCallback, logger, readProjectConfiguration, type Tree } from '@nx/devkit';
import { errors, KrepisError } from '../errors.ts';
import { applyToTree, pendingChanges } from '../krepis/change-set.ts';
import { type Krepis, krepis } from '../krepis/cli.ts';
import { recordObserved } from '../krepis/observed.ts';
import { commandLine } from '../krepis/record.ts';
import { findPlace } from '../krepis/workspace.ts';

/** Options every kind shares; schema.json of each kind describes them. */
export interface GeneratorOptions {
  readonly project?: string | undefined;
  readonly dir?: string | undefined;
  readonly module?: string | undefined;
  readonly file?: string | undefined;
  readonly from?: string | undefined;
  readonly body?: string | undefined;
  readonly tests?: boolean | undefined;
  /** Filled by Nx: the folder the user stands in, relative to the Nx root. */
  readonly cwd?: string | undefined;
}

/** One generator's request: its kind and positional arguments. */
export interface GeneratorRequest {
  readonly kind: 'service' | 'controller' | 'module' | 'method' | 'decorator' | 'inject';
  readonly arguments: readonly string[];
  readonly options: GeneratorOptions;
}

/**
 * Runs one kind: `krepis plan` over the tree's pending changes, the result into the tree, and the operation recorded
 * as the last act. It is the same code path as `krepis g`; only the writer is Nx.
 *
 * @returns the callback that closes the operation; undefined where nothing changes or nothing is recorded (dry run)
 * @throws KrepisError what krepis refuses, with its code, place, reason and hint
 */
export async function generate(
  tree: Tree,
  { kind, arguments: positional, options }: GeneratorRequest,
  cli: Krepis = krepis(tree.root),
): Promise<GeneratorCallback | undefined> {
  const place = findPlace(tree, { ...options, projectRoot: projectRoot(tree, options.project) });
  const workspace = join(tree.root, place.root);
  const args = [...flags({ ...options, ...place }, join(tree.root, options.cwd ?? '.')), '--', ...checked(positional)];
  const overlay = pendingChanges(tree, place.root);
  const change = await cli.plan({ workspace, kind, arguments: args, overlay });
  if ((change.files ?? []).length === 0) {
    logger.info(`${kind} ${positional.join(' ')}: already there, nothing to change.`);
    return undefined;
  }
  const paths = applyToTree(tree, place.root, change);
  // Set by Nx itself for --dry-run: no file in .krepis may be created or changed then.
  if (process.env.NX_DRY_RUN === 'true') return undefined;
  const title = change.title ?? `${kind} ${positional.join(' ')}`;
  return recordObserved(tree, cli, {
    root: place.root,
    title,
    command: commandLine(['nx', 'g', `@krepis/nx:${kind}`, ...positional]),
    paths,
  });
}

function projectRoot(tree: Tree, project: string | undefined): string | undefined {
  if (project === undefined) return undefined;
  try {
    return readProjectConfiguration(tree, project).root;
  } catch {
    throw new KrepisError({ ...errors.UNKNOWN_PROJECT, reason: `there is no project \`${project}\`` });
  }
}

function flags(options: GeneratorOptions, cwd: string): string[] {
  const found: string[] = [];
  for (const name of ['dir', 'module', 'file', 'from'] as const) {
    const value = options[name];
    if (value !== undefined) found.push(`--${name}=${value}`);
  }
  if (options.body !== undefined) {
    if (options.body === '-') {
      throw new KrepisError({
        ...errors.BAD_OPTION,
        reason: '`--body -` reads standard input, which Nx keeps; name a file',
      });
    }
    found.push(`--body=${join(cwd, options.body)}`);
  }
  if (options.tests === false) found.push('--no-tests');
  return found;
}

function checked(positional: readonly string[]): readonly string[] {
  for (const value of positional) {
    if (typeof value !== 'string' || value === '') {
      throw new KrepisError({ ...errors.BAD_OPTION, reason: `an argument is not a text: ${JSON.stringify(value)}` });
    }
  }
  return positional;
}
