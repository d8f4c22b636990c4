import { folder, planning, removeFolders, treeOver } from '../../testing/workspace.ts';
import controller from './generator.ts';

afterEach(removeFolders);

const PLANNED = { schema: 1, title: 'controller', files: [{ path: 'src/new.ts', text: 'export {};\n' }] };

test('asks krepis for the plan of `controller` with the arguments and options given', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  await controller(treeOver(root), { name: 'billing', dir: 'src/billing' });
  expect(recorded.calls()[0]?.args).toEqual([
    '-C',
    root,
    'plan',
    'controller',
    '--format',
    'json',
    '--overlay',
    '-',
    '--dir=src/billing',
    '--json',
    '--',
    'billing',
  ]);
});

test('the planned file is in the tree, and the operation is recorded', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  const tree = treeOver(root);
  await controller(tree, { name: 'billing' });
  expect(tree.read('src/new.ts', 'utf8')).toBe('export {};\n');
  expect(
    recorded.calls().map(({ args }) => args.find((argument) => /^(plan|observe|complete)$/.test(argument))),
  ).toEqual(['plan', 'observe']);
});
