import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import { run } from '../../process.ts';

/** Options of the executor `pack`; see schema.json. */
export interface PackOptions {
  readonly directory: string;
  readonly archive: string;
  readonly packageManager: 'npm' | 'pnpm' | 'yarn' | 'bun';
}

/** Where each package manager is told to put the tarball; Yarn wants the file, the others a folder. */
const COMMANDS = {
  npm: (folder: string) => ['pack', '--pack-destination', folder],
  pnpm: (folder: string) => ['pack', '--pack-destination', folder],
  yarn: (folder: string) => ['pack', '--out', join(folder, 'package.tgz')],
  bun: (folder: string) => ['pm', 'pack', '--destination', folder],
} as const;

/** Packs an npm package. The name of the tarball is ours: package managers differ in theirs. */
export default async function pack(options: PackOptions, context: ExecutorContext): Promise<{ success: boolean }> {
  const archive = join(context.root, options.archive);
  mkdirSync(dirname(archive), { recursive: true });
  // Beside the target, so that a rename suffices.
  const folder = mkdtempSync(join(dirname(archive), '.pack-'));
  try {
    const { code } = await run({
      command: options.packageManager,
      arguments: COMMANDS[options.packageManager](folder),
      cwd: join(context.root, options.directory),
      echo: true,
    });
    const [made] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    if (code !== 0 || made === undefined) return { success: false };
    renameSync(join(folder, made), archive);
    return { success: true };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
