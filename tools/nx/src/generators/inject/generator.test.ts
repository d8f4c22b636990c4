import { folder, planning, removeFolders, treeOver } from '../../testing/workspace.ts';
import inject from './generator.ts';

afterEach(removeFolders);

const PLANNED = { schema: 1, title: 'inject', files: [{ path: 'src/new.ts', text: 'export {};\n' }] };

test('asks krepis for the plan of `inject` with the arguments and options given', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  await inject(treeOver(root), { class: 'AppController', dependency: 'BillingService', tests: false });
  expect(recorded.calls()[0]?.args).toEqual([
    '-C',
    root,
    'plan',
    'inject',
    '--format',
    'json',
    '--overlay',
    '-',
    '--no-tests',
    '--json',
    '--',
    'AppController',
    'BillingService',
  ]);
});

test('the planned file is in the tree, and the operation is recorded', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  const tree = treeOver(root);
  await inject(tree, { class: 'AppController', dependency: 'BillingService' });
  expect(tree.read('src/new.ts', 'utf8')).toBe('export {};\n');
  expect(
    recorded.calls().map(({ args }) => args.find((argument) => /^(plan|observe|complete)$/.test(argument))),
  ).toEqual(['plan', 'observe']);
});
