import type { TargetConfiguration } from '@nx/devkit';
import type { ManifestReader } from '../graph/reader.ts';
import { isPublishable } from './crates.ts';
import { Files } from './files.ts';

/**
 * The `nx-release-publish` target of a crate: `nx release publish` runs it after those of the crates it depends on.
 *
 * None for a crate that may not be published: `publish = false` or `[]`, its own or its workspace's, or no version. npm
 * packages have theirs from Nx itself (`@nx/js:release-publish`, unless `private`).
 *
 * @param crate name, and folder of its Cargo.toml relative to the Nx root
 */
export function releaseTargets(
  crate: { readonly name: string; readonly root: string },
  reader: ManifestReader,
): Record<string, TargetConfiguration> {
  if (!isPublishable(filesOf(reader), crate.root)) return {};
  return {
    'nx-release-publish': {
      executor: '@krepis/nx:release-publish',
      dependsOn: ['^nx-release-publish'],
      options: { crate: crate.name },
    },
  };
}

function filesOf(reader: ManifestReader): Files {
  return new Files({
    exists: (path) => reader.exists(path),
    isFile: (path) => reader.exists(path),
    read: (path) => Buffer.from(reader.read(path)),
    children: () => [],
    write: (path) => {
      throw new Error(`read only: ${path}`);
    },
  });
}
