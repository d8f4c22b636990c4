import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addProjectConfiguration, logger } from '@nx/devkit';
import { flush, folder, installKrepis, planning, removeFolders, treeOver } from '../testing/workspace.ts';
import { type GeneratorOptions, generate } from './generate.ts';

afterEach(() => {
  removeFolders();
  jest.restoreAllMocks();
});

const service = (options: GeneratorOptions = {}) => ({ kind: 'service', arguments: ['billing'], options }) as const;
const PLANNED = { schema: 1, title: 'service billing', files: [{ path: 'src/billing.ts', text: 'export {};\n' }] };
const verb = ({ args }: { args: readonly string[] }) =>
  args.find((argument) => /^(plan|observe|complete)$/.test(argument));

test('plan, tree, observe; complete after Nx has written', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  const tree = treeOver(root);
  const callback = await generate(tree, service());
  expect(existsSync(join(root, 'src/billing.ts'))).toBe(false);
  flush(tree);
  await callback?.();
  expect(readFileSync(join(root, 'src/billing.ts'), 'utf8')).toBe('export {};\n');
  const calls = recorded.calls();
  expect(calls.map(verb)).toEqual(['plan', 'observe', 'complete']);
  expect(calls[1]?.args).toEqual([
    ...[
      '-C',
      root,
      'history',
      'observe',
      '--owner-pid',
      String(process.pid),
      '--title',
      'service billing',
      '--json',
      '--',
    ],
    ...['nx', 'g', '@krepis/nx:service', 'billing'],
  ]);
  expect(JSON.parse(calls[1]?.input ?? '')).toEqual({ schema: 1, title: 'service billing', files: PLANNED.files });
  expect(calls[2]?.args.slice(-3)).toEqual(['complete', '01JOPERATION', '--json']);
});

test('what the tree holds already lies over the disk for the plan', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  const tree = treeOver(root);
  tree.write('src/earlier.ts', 'by another generator');
  await generate(tree, service());
  expect(JSON.parse(recorded.calls()[0]?.input ?? '').files).toEqual([
    { path: 'src/earlier.ts', text: 'by another generator' },
  ]);
});

test('under NX_DRY_RUN nothing is recorded', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  const tree = treeOver(root);
  jest.replaceProperty(process, 'env', { ...process.env, NX_DRY_RUN: 'true' });
  expect(await generate(tree, service())).toBeUndefined();
  expect(tree.exists('src/billing.ts')).toBe(true);
  expect(recorded.calls().map(verb)).toEqual(['plan']);
});

test('nothing to change: said so, and nothing recorded', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, { schema: 1, title: 'service billing' });
  const info = jest.spyOn(logger, 'info').mockImplementation(() => undefined);
  expect(await generate(treeOver(root), service())).toBeUndefined();
  expect(info).toHaveBeenCalledWith(expect.stringContaining('already there'));
  expect(recorded.calls().map(verb)).toEqual(['plan']);
});

test('a refusal leaves the tree as it was', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const error = { code: 'KRP3004', message: 'domain may not import infrastructure' };
  installKrepis(root, { plan: { stdout: JSON.stringify({ schema: 1, error }), code: 4 } });
  const tree = treeOver(root);
  await expect(generate(tree, service())).rejects.toThrow('KRP3004: domain may not import infrastructure');
  expect(tree.listChanges()).toEqual([]);
});

test('if the record cannot be made the generator fails, so that Nx writes nothing', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const locked = { schema: 1, error: { code: 'KRP4001', message: 'locked' } };
  installKrepis(root, {
    plan: { stdout: JSON.stringify(PLANNED) },
    observe: { stdout: JSON.stringify(locked), code: 75 },
  });
  await expect(generate(treeOver(root), service())).rejects.toThrow('KRP4001: locked');
});

test('--project names the Krepis workspace; its paths are relative to it, the tree to the Nx root', async () => {
  const root = folder({ 'apps/shop/krepis.json': '{}', 'package.json': '{}' });
  const recorded = planning(root, PLANNED);
  const tree = treeOver(root);
  addProjectConfiguration(tree, 'shop', { root: 'apps/shop' });
  await generate(tree, service({ project: 'shop', dir: 'src/billing' }));
  expect(tree.exists('apps/shop/src/billing.ts')).toBe(true);
  const [plan, observe] = recorded.calls();
  expect(plan?.args.slice(0, 2)).toEqual(['-C', join(root, 'apps/shop')]);
  expect(plan?.args).toContain('--dir=src/billing');
  expect(JSON.parse(observe?.input ?? '').files).toEqual(PLANNED.files);
});

test('an unknown project, and a body from stdin, are refused', async () => {
  const root = folder({ 'krepis.json': '{}', 'package.json': '{}' });
  planning(root, PLANNED);
  await expect(generate(treeOver(root), service({ project: 'nope' }))).rejects.toThrow(/KRP7004[\s\S]*nope/);
  await expect(generate(treeOver(root), service({ body: '-' }))).rejects.toThrow(/KRP7007/);
});
