import { folder, planning, removeFolders, treeOver } from '../../testing/workspace.ts';
import service from './generator.ts';

afterEach(removeFolders);

const PLANNED = { schema: 1, title: 'service', files: [{ path: 'src/new.ts', text: 'export {};\n' }] };

test('asks krepis for the plan of `service` with the arguments and options given', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  await service(treeOver(root), { name: 'billing', dir: 'src/billing', module: 'src/app.module.ts' });
  expect(recorded.calls()[0]?.args).toEqual([
    '-C',
    root,
    'plan',
    'service',
    '--format',
    'json',
    '--overlay',
    '-',
    '--dir=src/billing',
    '--module=src/app.module.ts',
    '--json',
    '--',
    'billing',
  ]);
});

test('the planned file is in the tree, and the operation is recorded', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  const tree = treeOver(root);
  await service(tree, { name: 'billing' });
  expect(tree.read('src/new.ts', 'utf8')).toBe('export {};\n');
  expect(
    recorded.calls().map(({ args }) => args.find((argument) => /^(plan|observe|complete)$/.test(argument))),
  ).toEqual(['plan', 'observe']);
});
