/** The workflow that `nx g @krepis/nx:ci-workflow` writes: every shell text of it runs here, as GitHub's runner starts it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { environment, krepisOk, type Outcome, ok, repository } from './krepis.ts';
import { commit, packedPlugin, read, status, typedOk } from './nx.ts';
import { removeTemporary, snapshot, temporary, write } from './workspace.ts';

jest.setTimeout(600_000);

const crate = (name: string, dependency = '') =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2024"\n${dependency}`;
const FILES: Record<string, string> = {
  'package.json': `${JSON.stringify({ name: '@acme/source', private: true, devDependencies: { '@nx/devkit': '23.2.1', nx: '23.2.1' } }, null, 2)}\n`,
  'nx.json': '{ "defaultBase": "main", "analytics": false, "neverConnectToCloud": true }\n',
  '.npmrc': '@krepis:registry=http://127.0.0.1:9/\n',
  '.gitignore': 'node_modules\ntarget\n.nx\ndist\nnx-profile.json\n',
  'Cargo.toml': '[workspace]\nresolver = "3"\nmembers = ["crates/*"]\n',
  'crates/ast/Cargo.toml': crate('ast'),
  'crates/ast/src/lib.rs': '//! Trees.\n',
  'crates/tool/Cargo.toml': crate('tool', '\n[dependencies]\nast = { path = "../ast" }\n'),
  'crates/tool/src/main.rs': 'fn main() {}\n',
  'crates/lint/Cargo.toml': crate('lint', '\n[dependencies]\nast = { path = "../ast" }\n'),
  'crates/lint/src/lib.rs': '//! Lints.\n',
  'crates/alone/Cargo.toml': crate('alone'),
  'crates/alone/src/lib.rs': '//! Nobody needs it.\n',
};

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly Step[]; readonly env?: Readonly<Record<string, string>> }>
  >;
}

let root: string;
let origin: string;
let fakes: string;

beforeAll(() => {
  // That was this repository's; in the workspaces artefacts lie where users have them.
  delete process.env.CARGO_TARGET_DIR;
  const tarball = packedPlugin();
  root = join(temporary(), 'source');
  write(root, FILES);
  ok('npm', ['install', '--save-dev', '--prefer-offline', '--no-audit', '--no-fund', `file:${tarball}`], root);
  ok('cargo', ['generate-lockfile', '--offline'], root);
  typedOk(root, 'nx g @krepis/nx:init --skipInstall');
  typedOk(root, 'npm install --prefer-offline --no-audit --no-fund');
  typedOk(root, 'nx sync');
  commit(root);
  ok('git', ['branch', '-M', 'main'], root);

  const before = snapshot(root);
  typedOk(root, 'nx g @krepis/nx:ci-workflow --shards=2 --targets=lint,test,build --remoteCache=false');
  expect(status(root)).toBe('?? .github/\n');
  krepisOk(['undo'], { cwd: root });
  expect(snapshot(root)).toEqual(before);
  krepisOk(['redo'], { cwd: root });
  commit(root);

  origin = join(temporary(), 'origin.git');
  ok('git', ['clone', '-q', '--bare', root, origin], root);
  ok('git', ['remote', 'add', 'origin', origin], root);
  ok('git', ['fetch', '-q', 'origin'], root);

  // GitHub's command line; it answers what the test puts into a file.
  fakes = temporary();
  writeFileSync(
    join(fakes, 'gh'),
    '#!/bin/sh\necho "$*" >> "$FAKE_GH/calls"\ncase "$*" in *databaseId,headSha*) cat "$FAKE_GH/passed";; *) exit 1;; esac\n',
  );
  chmodSync(join(fakes, 'gh'), 0o755);
});
afterAll(removeTemporary);

const workflow = () => parse(read(root, '.github/workflows/ci.yml')) as Workflow;

/** Runs one shell text as GitHub does: `bash -e -o pipefail`, the values of `env` in its environment. */
function step(
  cwd: string,
  { run = '', env = {} }: Step,
  values: Readonly<Record<string, string>>,
  github: Readonly<Record<string, string>>,
): Outcome {
  const fill = (text: string) =>
    text.replace(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => {
      const value = values[expression];
      if (value === undefined) throw new Error(`the test gives no value for ${expression}`);
      return value;
    });
  const own = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fill(String(value))]));
  const path = [fakes, join(repository, 'node_modules', 'node', 'bin'), process.env.PATH].join(delimiter);
  const ended = spawnSync('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', run], {
    cwd,
    env: environment({
      CI: 'true',
      PATH: path,
      CARGO_NET_OFFLINE: 'true',
      npm_config_prefer_offline: 'true',
      NX_CACHE_DIRECTORY: join(cwd, '.nx/cache'),
      NX_WORKSPACE_DATA_DIRECTORY: join(cwd, '.nx/workspace-data'),
      FAKE_GH: fakes,
      ...workflow().env,
      ...github,
      ...own,
    }),
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  return { code: ended.status, signal: ended.signal, stdout: ended.stdout, stderr: ended.stderr };
}

/** All shell texts of the job `plan`, in a clone of its own; the outputs of its last step. */
function plan(cwd: string, github: Readonly<Record<string, string>>): Record<string, string> {
  const file = join(temporary(), 'output');
  const values: Record<string, string> = { 'github.token': 'none' };
  let outputs: Record<string, string> = {};
  for (const one of workflow().jobs.plan?.steps ?? []) {
    // Once is enough to see that the packages install as the workflow says.
    if (one.run === undefined || (one.name === 'Dependencies' && existsSync(join(cwd, 'node_modules')))) continue;
    writeFileSync(file, '');
    const ended = step(cwd, one, values, { ...github, GITHUB_OUTPUT: file });
    if (ended.code !== 0)
      throw new Error(`${one.name ?? one.run} ended with ${ended.code}\n${ended.stdout}${ended.stderr}`);
    outputs = Object.fromEntries(
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    for (const [name, value] of Object.entries(outputs)) values[`steps.${one.id}.outputs.${name}`] = value;
  }
  return outputs;
}

const clone = (branch: string) => {
  const cwd = join(temporary(), 'clone');
  ok('git', ['clone', '-q', '--branch', branch, origin, cwd], root);
  return cwd;
};
const installedClone = (branch: string) => {
  const cwd = clone(branch);
  ok('cp', ['-al', join(root, 'node_modules'), cwd], root);
  return cwd;
};
const push = (branch: string, files: Record<string, string>) => {
  ok('git', ['checkout', '-q', '-B', branch, 'main'], root);
  write(root, files);
  commit(root);
  ok('git', ['push', '-q', '-f', 'origin', branch], root);
};
const REPOSITORY = {
  GITHUB_REPOSITORY: 'acme/source',
  GITHUB_WORKFLOW_REF: 'acme/source/.github/workflows/ci.yml@refs/heads/main',
};

test('a pull request: the shards together run every affected task, each once, and nothing else', () => {
  push('change', { 'crates/ast/src/lib.rs': '//! Trees, changed.\n' });
  const cwd = clone('change');
  const outputs = plan(cwd, { ...REPOSITORY, GITHUB_EVENT_NAME: 'pull_request', GITHUB_BASE_REF: 'main' });
  expect(outputs.any).toBe('true');
  const { include } = JSON.parse(outputs.matrix ?? '') as { include: { shard: string; projects: string }[] };
  expect(include.map(({ shard }) => shard)).toEqual(['1/2', '2/2']);

  const [run] = workflow().jobs.shard?.steps.filter(({ run }) => run?.includes('run-many')) ?? [];
  const ran = include.flatMap(({ projects }) => {
    rmSync(join(cwd, 'nx-profile.json'), { force: true });
    const ended = step(cwd, run ?? {}, { 'matrix.projects': projects }, {});
    if (ended.code !== 0) throw new Error(ended.stdout + ended.stderr);
    const events = JSON.parse(read(cwd, 'nx-profile.json')) as { ph: string; name: string }[];
    return events.flatMap(({ ph, name }) => (ph === 'X' ? [name] : []));
  });
  const affected = ['ast', 'lint', 'tool'].flatMap((name) =>
    ['build', 'lint', 'test'].map((target) => `${name}:${target}`),
  );
  expect(ran.sort()).toEqual(affected);
  const shown = ok('npx', ['nx', 'show', 'projects', '--affected', '--base=origin/main', '--json'], cwd).stdout;
  expect(JSON.parse(shown).sort()).toEqual(['ast', 'lint', 'tool']);
});

test('a push: compared with the last commit that passed; without one everything; without a change nothing', () => {
  push('main', { 'crates/alone/src/lib.rs': '//! Changed.\n' });
  const cwd = installedClone('main');
  const github = { ...REPOSITORY, GITHUB_EVENT_NAME: 'push', GITHUB_REF_NAME: 'main' };
  const projects = (outputs: Record<string, string>) =>
    (JSON.parse(outputs.matrix ?? '').include as { projects: string }[])
      .flatMap(({ projects }) => projects.split(','))
      .sort();

  writeFileSync(join(fakes, 'passed'), `7 ${ok('git', ['rev-parse', 'HEAD~1'], cwd).stdout}`);
  expect(projects(plan(cwd, github))).toEqual(['alone']);
  expect(read(fakes, 'calls')).toMatch(/--workflow ci\.yml --branch main --event push --status success/);

  writeFileSync(join(fakes, 'passed'), '\n');
  expect(projects(plan(cwd, github))).toEqual(['alone', 'ast', 'lint', 'tool']);

  writeFileSync(join(fakes, 'passed'), `7 ${ok('git', ['rev-parse', 'HEAD'], cwd).stdout}`);
  expect(plan(cwd, github)).toEqual({ any: 'false', matrix: '{"include":[]}' });
});

test('a broken Cargo.toml fails the plan, with its place; nobody is told that nothing is affected', () => {
  push('broken', { 'crates/ast/Cargo.toml': '[package\n' });
  const cwd = installedClone('broken');
  const [split] = workflow().jobs.plan?.steps.filter(({ id }) => id === 'shards') ?? [];
  const file = join(cwd, 'output');
  const ended = step(cwd, split ?? {}, { 'steps.base.outputs.scope': '--base=origin/main' }, { GITHUB_OUTPUT: file });
  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toMatch(/crates\/ast\/Cargo\.toml:1/);
  expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe('');
});

test('what the tasks took is recorded and weighs in the next assignment', () => {
  const cwd = installedClone('main');
  const event = (name: string, ms: number, status = 'success') => ({ name, ph: 'X', dur: ms * 1000, args: { status } });
  const profile = [
    event('alone:test', 100_000),
    event('ast:test', 10),
    event('tool:test', 10),
    event('lint:test', 9, 'local-cache'),
  ];
  writeFileSync(join(cwd, 'nx-profile.json'), JSON.stringify(profile));
  ok('npx', ['krepis-nx-shard', 'record', '--profile=nx-profile.json', '--durations=.nx/durations.json'], cwd);
  expect(JSON.parse(read(cwd, '.nx/durations.json')).durations).toEqual({
    'alone:test': 100_000,
    'ast:test': 10,
    'tool:test': 10,
  });
  const args = ['krepis-nx-shard', '--shards=2', '--targets=test', '--all', '--durations=.nx/durations.json', '--json'];
  const { shards } = JSON.parse(ok('npx', args, cwd).stdout);
  expect(shards.map(({ projects }: { projects: string[] }) => projects)).toEqual([['alone'], ['ast', 'lint', 'tool']]);
  const wrong = spawnSync('npx', ['krepis-nx-shard', '--shards=x'], { cwd, encoding: 'utf8' });
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('KRP7054')]);
});

test('the last job passes only if every part did, or there was nothing to do', () => {
  const [check] = workflow().jobs.ci?.steps ?? [];
  const verdict = (result: string, any: string, shards: string) =>
    step(
      root,
      check ?? {},
      { 'needs.plan.result': result, 'needs.plan.outputs.any': any, 'needs.shard.result': shards },
      {},
    ).code;
  expect(verdict('success', 'true', 'success')).toBe(0);
  expect(verdict('success', 'false', 'skipped')).toBe(0);
  for (const [result, any, shards] of [
    ['success', 'true', 'failure'],
    ['success', 'true', 'skipped'],
    ['success', 'true', 'cancelled'],
    ['failure', '', 'skipped'],
    ['cancelled', '', 'skipped'],
  ] as const) {
    expect(verdict(result, any, shards)).not.toBe(0);
  }
});
