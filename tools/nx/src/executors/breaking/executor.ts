import { join, posix } from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import { errors, KrepisError } from '../../errors.ts';
import { run } from '../../process.ts';

/** Options of the executor `breaking`; see schema.json. */
export interface BreakingOptions {
  readonly directory: string;
  readonly module: string;
  readonly base?: string;
}

/**
 * Runs `buf breaking` against the base commit.
 *
 * The base is the option, else `NX_BASE`, else the merge base with `origin/main` or `main`, else `HEAD~1`. Without any
 * (a first commit), and where the base had no messages, there is nothing to break: it says so and succeeds.
 */
export default async function breaking(
  options: BreakingOptions,
  context: ExecutorContext,
): Promise<{ success: boolean }> {
  const { root } = context;
  const base = await findBase(options.base ?? process.env.NX_BASE, root);
  if (base === undefined) {
    console.log('buf breaking: no base to compare with.');
    return { success: true };
  }
  const { directory, module } = options;
  const configuration = posix.join(directory, 'buf.yaml');
  if (!(await git(root, 'cat-file', '-e', `${base}:${configuration}`)).ok) {
    console.log(`buf breaking: no ${configuration} at ${base.slice(0, 12)}.`);
    return { success: true };
  }
  const top = (await git(root, 'rev-parse', '--show-toplevel')).output;
  const prefix = (await git(root, 'rev-parse', '--show-prefix')).output;
  const subdirectory = posix.join(prefix, module);
  const against = `${top}/.git#ref=${base}${subdirectory === '.' ? '' : `,subdir=${subdirectory.replace(/\/$/, '')}`}`;
  const input = posix.relative(directory, module);
  const { code } = await run({
    command: 'buf',
    arguments: ['breaking', ...(input === '' ? [] : [input]), '--against', against],
    cwd: join(root, directory),
    echo: true,
  });
  return { success: code === 0 };
}

async function findBase(asked: string | undefined, root: string): Promise<string | undefined> {
  const commit = async (name: string) => {
    const found = await git(root, 'rev-parse', '--verify', '--quiet', `${name}^{commit}`);
    return found.ok ? found.output : undefined;
  };
  if (asked) {
    const found = await commit(asked);
    if (found === undefined) throw new KrepisError({ ...errors.BAD_BASE, reason: `\`${asked}\` is not known to git` });
    return found;
  }
  const head = await commit('HEAD');
  for (const main of ['origin/main', 'main']) {
    const { ok, output } = await git(root, 'merge-base', 'HEAD', main);
    if (ok && output !== head) return output;
  }
  return commit('HEAD~1');
}

async function git(cwd: string, ...args: string[]): Promise<{ ok: boolean; output: string }> {
  const { code, stdout } = await run({ command: 'git', arguments: args, cwd });
  return { ok: code === 0, output: stdout.trim() };
}
