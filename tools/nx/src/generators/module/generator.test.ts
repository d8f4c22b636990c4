import { folder, planning, removeFolders, treeOver } from '../../testing/workspace.ts';
import moduleGenerator from './generator.ts';

afterEach(removeFolders);

const PLANNED = { schema: 1, title: 'module', files: [{ path: 'src/new.ts', text: 'export {};\n' }] };

test('asks krepis for the plan of `module` with the arguments and options given', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  await moduleGenerator(treeOver(root), { name: 'shipping', module: 'src/app.module.ts' });
  expect(recorded.calls()[0]?.args).toEqual([
    '-C',
    root,
    'plan',
    'module',
    '--format',
    'json',
    '--overlay',
    '-',
    '--module=src/app.module.ts',
    '--json',
    '--',
    'shipping',
  ]);
});

test('the planned file is in the tree, and the operation is recorded', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  const tree = treeOver(root);
  await moduleGenerator(tree, { name: 'shipping' });
  expect(tree.read('src/new.ts', 'utf8')).toBe('export {};\n');
  expect(
    recorded.calls().map(({ args }) => args.find((argument) => /^(plan|observe|complete)$/.test(argument))),
  ).toEqual(['plan', 'observe']);
});
