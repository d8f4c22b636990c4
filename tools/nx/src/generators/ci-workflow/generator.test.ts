import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logger } from '@nx/devkit';
import { parse } from 'yaml';
import { workflowProblems } from '../../testing/github.ts';
import { folder, removeFolders, treeOver } from '../../testing/workspace.ts';
import ciWorkflow from './generator.ts';
import { type WorkflowFacts, workflow } from './workflow.ts';

beforeEach(() => {
  jest.spyOn(logger, 'info').mockReturnValue(undefined);
});
afterEach(() => {
  removeFolders();
  jest.restoreAllMocks();
});

const FACTS: WorkflowFacts = {
  packageManager: 'npm',
  packageManagerVersion: '11.0.0',
  nodeVersionFile: undefined,
  rust: false,
  branch: 'main',
  shards: 4,
  targets: ['lint', 'test'],
  remoteCache: false,
};
const VARIANTS: Partial<WorkflowFacts>[] = [
  {},
  { packageManager: 'pnpm', packageManagerVersion: '10.34.0', rust: true, remoteCache: true },
  { packageManager: 'yarn', packageManagerVersion: '4.9.0', nodeVersionFile: '.nvmrc', branch: 'trunk' },
  { packageManager: 'yarn', packageManagerVersion: '1.22.22', rust: true },
  { packageManager: 'bun', packageManagerVersion: '1.3.0', shards: 1, remoteCache: true },
];

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}
const steps = (text: string) => Object.values((parse(text) as Workflow).jobs).flatMap((job) => job.steps);

test.each(VARIANTS)('GitHub takes it: %j', async (variant) => {
  expect(await workflowProblems(workflow({ ...FACTS, ...variant }))).toEqual([]);
});

test('GitHub’s parser would say what is wrong', async () => {
  const text = workflow(FACTS);
  expect(await workflowProblems(text.replace('runs-on:', 'runs_on:'))).not.toEqual([]);
  expect(await workflowProblems(text.replace('needs: plan', 'needs: nobody'))).not.toEqual([]);
  expect(await workflowProblems(text.replaceAll('github.event_name', 'gihub.event_name'))).not.toEqual([]);
});

test.each(VARIANTS)('no expression stands in a shell text, and every action is GitHub’s own: %j', (variant) => {
  for (const { run, uses } of steps(workflow({ ...FACTS, ...variant }))) {
    expect(run ?? '').not.toContain('${{');
    if (uses !== undefined) expect(uses).toMatch(/^actions\/[a-z-]+@v\d+$/);
  }
});

test('a pull request has an environment of its own: the trusted token is not in its reach', () => {
  const { jobs } = parse(workflow({ ...FACTS, remoteCache: true })) as {
    jobs: Record<string, { environment?: string; env?: Record<string, string> }>;
  };
  for (const name of ['plan', 'shard']) {
    expect(jobs[name]?.environment).toBe(`\${{ github.event_name == 'push' && 'ci-trusted' || 'ci-pull-request' }}`);
    expect(jobs[name]?.env?.NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN).toBe(`\${{ secrets.NX_CACHE_TOKEN }}`);
    // Without a token Nx is not told of a server: it would end with the server's refusal.
    expect(jobs[name]?.env?.NX_SELF_HOSTED_REMOTE_CACHE_SERVER).toContain("secrets.NX_CACHE_TOKEN != ''");
  }
  expect(workflow(FACTS)).not.toContain('NX_SELF_HOSTED');
});

test('the package manager, the branch and the targets are those of the workspace', async () => {
  const root = folder({
    'nx.json': '{ "defaultBase": "origin/trunk" }',
    'package.json': '{ "packageManager": "pnpm@10.34.0" }',
    'pnpm-lock.yaml': '',
    '.nvmrc': '24\n',
    'Cargo.toml': '[workspace]\n',
  });
  const tree = treeOver(root);
  await ciWorkflow(tree, { targets: 'lint, test', shards: 8 });
  const text = tree.read('.github/workflows/ci.yml', 'utf8') ?? '';
  for (const part of ['branches: ["trunk"]', 'pnpm@10.34.0', 'TARGETS: lint,test', '--shards=8', '.nvmrc', 'clippy']) {
    expect(text).toContain(part);
  }
});

test('a workflow that is there stays; values that are no values are refused', async () => {
  const files = { 'nx.json': '{}', 'package.json': '{}', '.github/workflows/ci.yml': 'mine\n' };
  const tree = treeOver(folder(files));
  await expect(ciWorkflow(tree, {})).rejects.toThrow(/KRP7052[\s\S]*at: \.github\/workflows\/ci\.yml/);
  await ciWorkflow(tree, { file: 'affected' });
  expect(tree.listChanges().map(({ path }) => path)).toEqual(['.github/workflows/affected.yml']);
  for (const options of [{ shards: 0 }, { targets: 'a;rm' }, { branch: 'x y' }, { file: '../x' }]) {
    await expect(ciWorkflow(tree, { file: 'other', ...options })).rejects.toThrow(/KRP7057/);
  }
  await expect(ciWorkflow(treeOver(folder({})), {})).rejects.toThrow(/KRP7050/);
});

test('this repository’s own workflow, too, is one that GitHub takes', async () => {
  const text = readFileSync(join(__dirname, '..', '..', '..', '..', '..', '.github', 'workflows', 'ci.yml'), 'utf8');
  expect(await workflowProblems(text)).toEqual([]);
  expect(steps(text).some(({ run }) => run?.includes('.ci/run'))).toBe(true);
});
