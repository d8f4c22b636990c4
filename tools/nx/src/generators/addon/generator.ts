import { posix } from 'node:path';
import { type GeneratorCallback, installPackagesTask, type Tree } from '@nx/devkit';
import { readJsonText } from '../../edit/json.ts';
import { addPackage } from '../../edit/packages.ts';
import { errors, KrepisError } from '../../errors.ts';
import { record } from '../../krepis/record.ts';
import { cratePlace, joinWorkspace, updateLockFile } from '../crate/place.ts';
import { editNxJson, lockFiles } from '../init/generator.ts';
import { addonManifest, addonPackage, BUILD, IGNORED, SOURCE } from './files.ts';

/** Options of `nx g @krepis/nx:addon`; see schema.json. */
export interface AddonOptions {
  readonly directory: string;
  readonly name?: string;
  readonly packageName?: string;
  readonly edition?: string;
  readonly skipInstall?: boolean;
  readonly inferTasks?: boolean;
  readonly cwd?: string;
}

/**
 * Creates a native addon for Node.js with napi-rs 3: crate and npm package in one folder, one project, no project.json.
 *
 * @throws KrepisError KRP7005, KRP7010, KRP7052, KRP7053, KRP7056
 */
export default async function addon(tree: Tree, options: AddonOptions): Promise<GeneratorCallback> {
  const { root, name } = cratePlace(tree, options.directory, options.name, options.cwd);
  const packageName = options.packageName ?? scoped(tree, name);
  // https://docs.npmjs.com/cli/v11/configuring-npm/package-json#name
  if (!/^(?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*$/.test(packageName)) {
    throw new KrepisError({
      ...errors.BAD_NAME,
      at: { path: root },
      reason: `\`${packageName}\` is no name that npm takes`,
    });
  }
  const workspace = joinWorkspace(tree, root);
  addPackage(tree, root);
  const files = {
    'Cargo.toml': addonManifest(name, workspace, options.edition ?? '2024'),
    'build.rs': BUILD,
    'package.json': addonPackage(packageName, name),
    '.gitignore': IGNORED,
    'src/lib.rs': SOURCE,
  };
  for (const [path, text] of Object.entries(files)) tree.write(posix.join(root, path), text);
  const install = options.skipInstall !== true;
  const also = ['Cargo.lock', ...(install ? lockFiles(tree.root) : [])];
  await editNxJson(tree, options);
  const close = await record(tree, { generator: 'addon', title: `addon ${root}`, also });
  return async () => {
    try {
      await updateLockFile(tree.root);
      if (install) installPackagesTask(tree, true);
    } finally {
      await close?.();
    }
  };
}

/** In the scope of the workspace's own package, if it has one. */
function scoped(tree: Tree, name: string): string {
  const text = tree.read('package.json', 'utf8');
  const own = text === null ? undefined : readJsonText<{ name?: string }>('package.json', text).name;
  const scope = own?.startsWith('@') ? `${own.split('/')[0]}/` : '';
  return `${scope}${name.toLowerCase().replaceAll('_', '-')}`;
}
