/** The folders that are worked in: a krepis workspace, a git repository, a jj repository. */
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../area.ts';
import type { Command } from '../measure.ts';

/** A workspace of ours without rules, in a new folder of this run. */
export function workspace(bench: Bench, name: string, config: object = {}): string {
  const root = folder(bench, name);
  writeFileSync(join(root, 'krepis.json'), JSON.stringify({ schema: 1, ...config }));
  return root;
}

/** A new folder of this run. */
export function folder({ scratch }: Bench, name: string): string {
  const root = join(scratch, 'history', name);
  mkdirSync(root, { recursive: true });
  return root;
}

/** `krepis ARGS` in a workspace. */
export function krepis(bench: Bench, root: string, ...args: string[]): Command {
  return { file: bench.krepis, args, cwd: root, env: bench.env };
}

/** `git ARGS`, with nobody's configuration. */
export function git(bench: Bench, root: string, ...args: string[]): Command {
  const env = {
    ...bench.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'bench',
    GIT_AUTHOR_EMAIL: 'bench@localhost',
    GIT_COMMITTER_NAME: 'bench',
    GIT_COMMITTER_EMAIL: 'bench@localhost',
  };
  return { file: 'git', args, cwd: root, env };
}

/** `jj ARGS`, with nobody's configuration. */
export function jj(bench: Bench, program: string, root: string, ...args: string[]): Command {
  const config = join(bench.scratch, 'jj.toml');
  writeFileSync(config, '[user]\nname = "bench"\nemail = "bench@localhost"\n[ui]\npaginate = "never"\n');
  return { file: program, args, cwd: root, env: { ...bench.env, JJ_CONFIG: config } };
}

/**
 * What a program prints on stdout.
 *
 * @throws Error with what it said if it does not end with 0
 */
export function said({ file, args, cwd, env }: Command): string {
  const run = spawnSync(file, args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 30 });
  if (run.status !== 0)
    throw new Error(`${file} ${args.join(' ')} ended with ${run.status ?? run.error?.message}\n${run.stderr}`);
  return run.stdout;
}

/** `git@2.39.5`. */
export function gitVersion(bench: Bench): string {
  return `git@${
    said(git(bench, bench.scratch, '--version'))
      .replace(/^git version /, '')
      .trim()
      .split(' ')[0]
  }`;
}

/** Lets the disk come to rest: what one run has written must not be waited for by the next. */
export function settle(): void {
  spawnSync('sync');
}

/** Bytes of all files below a folder. */
export function bytesBelow(path: string): number {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
}
