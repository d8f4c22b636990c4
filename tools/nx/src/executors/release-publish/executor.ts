import { join, posix } from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import { run } from '../../process.ts';
import { publishableDependencies } from '../../release/crates.ts';
import { diskFiles } from '../../release/files.ts';
import missing from '../missing/executor.ts';

/** Options of the executor `release-publish`; see schema.json. */
export interface ReleasePublishOptions {
  readonly crate?: string;
  readonly cargoRegistry?: string;
  readonly allowDirty?: boolean;
  readonly dryRun?: boolean;
  readonly nxReleaseVersionData?: Readonly<Record<string, { readonly newVersion: string | null }>>;
}

/**
 * Publishes a crate: `cargo publish`, which waits until the index has it, so that the crates after it find it.
 *
 * A version that is already there counts as done: a release that broke off half way can be run again.
 */
export default async function releasePublish(
  options: ReleasePublishOptions,
  context: ExecutorContext,
): Promise<{ success: boolean }> {
  const project = context.projectName ?? '';
  const root = context.projectsConfigurations.projects[project]?.root ?? '.';
  if (options.nxReleaseVersionData?.[project]?.newVersion === null) {
    process.stdout.write(`Skipped ${project}: it has no new version.\n`);
    return { success: true };
  }
  // Tasks that `dependsOn` starts get the environment, not the option.
  const dryRun = options.dryRun === true || process.env.NX_DRY_RUN === 'true';
  const files = diskFiles(context.root);
  const crates = publishableDependencies(files, root);
  const crate = options.crate ?? crates.at(-1) ?? project;
  const ended = await run({
    command: 'cargo',
    arguments: publishArguments(dryRun ? crates : [crate], options, dryRun),
    cwd: join(context.root, root),
    echo: true,
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (!ended)
    return missing({ what: 'cargo', path: posix.join(root, 'Cargo.toml'), reason: '`cargo` is not on the path' });
  const { code, stderr } = ended;
  if (code !== 0 && /already (?:exists on|uploaded)/.test(stderr)) {
    process.stdout.write(`Skipped ${crate}: this version is published.\n`);
    return { success: true };
  }
  return { success: code === 0 };
}

/**
 * The command line of cargo.
 *
 * @param crates the crate last; in a dry run after the workspace's crates it needs, which no registry has yet
 */
export function publishArguments(crates: readonly string[], options: ReleasePublishOptions, dryRun: boolean): string[] {
  return [
    'publish',
    ...crates.flatMap((crate) => ['-p', crate]),
    ...(options.cargoRegistry === undefined ? [] : ['--registry', options.cargoRegistry]),
    // A dry run comes before the commit of the versions.
    ...(dryRun ? ['--dry-run', '--allow-dirty'] : options.allowDirty === true ? ['--allow-dirty'] : []),
  ];
}
