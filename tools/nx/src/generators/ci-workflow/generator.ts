import { posix } from 'node:path';
import {
  detectPackageManager,
  type GeneratorCallback,
  getPackageManagerVersion,
  globAsync,
  logger,
  type Tree,
} from '@nx/devkit';
import { readJsonText } from '../../edit/json.ts';
import { errors, KrepisError } from '../../errors.ts';
import { record } from '../../krepis/record.ts';
import { workflow } from './workflow.ts';

/** Options of `nx g @krepis/nx:ci-workflow`; see schema.json. */
export interface CiWorkflowOptions {
  readonly file?: string;
  readonly shards?: number;
  readonly targets?: string;
  readonly branch?: string;
  readonly remoteCache?: boolean;
}

/**
 * Writes a GitHub Actions workflow for this workspace: `nx sync:check`, then the affected tasks over several machines.
 *
 * @throws KrepisError KRP7050 without nx.json; KRP7052 if the file exists; KRP7057 for a value that makes no sense
 */
export default async function ciWorkflow(
  tree: Tree,
  options: CiWorkflowOptions,
): Promise<GeneratorCallback | undefined> {
  const nxJson = tree.read('nx.json', 'utf8');
  if (nxJson === null) throw new KrepisError({ ...errors.NO_NX, at: { path: 'nx.json' } });
  const { defaultBase } = readJsonText<{ defaultBase?: string }>('nx.json', nxJson);
  const name = options.file ?? 'ci';
  const shards = options.shards ?? 4;
  const targets = (options.targets ?? 'lint,typecheck,test,build').split(',').map((target) => target.trim());
  const branch = options.branch ?? defaultBase?.replace(/^origin\//, '') ?? 'main';
  if (!/^[\w.-]+$/.test(name)) throw unknown(`--file=${name} is not the name of a file`);
  if (!Number.isInteger(shards) || shards < 1 || shards > 256) throw unknown(`--shards=${shards}: 1 to 256 machines`);
  const wrong = targets.find((target) => !/^[\w:.-]+$/.test(target));
  if (wrong !== undefined) throw unknown(`--targets: \`${wrong}\` is not the name of a target`);
  if (!/^[\w./-]+$/.test(branch)) throw unknown(`--branch=${branch} is not the name of a branch`);

  const path = posix.join('.github', 'workflows', `${name.replace(/\.ya?ml$/, '')}.yml`);
  if (tree.exists(path))
    throw new KrepisError({ ...errors.TAKEN, at: { path }, hint: 'Give another name: `--file=affected`.' });
  const packageManager = detectPackageManager(tree.root);
  const text = workflow({
    packageManager,
    packageManagerVersion: getPackageManagerVersion(packageManager, tree.root),
    nodeVersionFile: ['.nvmrc', '.node-version'].find((file) => tree.exists(file)),
    rust: (await globAsync(tree, ['**/Cargo.toml'])).length > 0,
    branch,
    shards,
    targets,
    remoteCache: options.remoteCache === true,
  });
  tree.write(path, text);
  const close = await record(tree, { generator: 'ci-workflow', title: `ci-workflow ${path}` });
  return async () => {
    await close?.();
    logger.info(`In the settings of ${branch}, require the check \`CI\`.`);
    if (options.remoteCache === true) logger.info(REMOTE_CACHE);
  };
}

const REMOTE_CACHE = `For the remote cache, in the settings of the repository:
  variable NX_CACHE_SERVER                    the address of \`krepis cache serve\`
  environment ci-trusted, NX_CACHE_TOKEN      the trusted token; limit the environment to the protected branch
  environment ci-pull-request, NX_CACHE_TOKEN the token for pull requests`;

function unknown(reason: string): KrepisError {
  return new KrepisError({ ...errors.UNKNOWN_VALUE, reason });
}
