import { folder, planning, removeFolders, treeOver } from '../../testing/workspace.ts';
import decorator from './generator.ts';

afterEach(removeFolders);

const PLANNED = { schema: 1, title: 'decorator', files: [{ path: 'src/new.ts', text: 'export {};\n' }] };

test('asks krepis for the plan of `decorator` with the arguments and options given', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  await decorator(treeOver(root), { target: 'BillingService.total', decorator: "@Trace('x')", from: '@acme/trace' });
  expect(recorded.calls()[0]?.args).toEqual([
    '-C',
    root,
    'plan',
    'decorator',
    '--format',
    'json',
    '--overlay',
    '-',
    '--from=@acme/trace',
    '--json',
    '--',
    'BillingService.total',
    "@Trace('x')",
  ]);
});

test('the planned file is in the tree, and the operation is recorded', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  const tree = treeOver(root);
  await decorator(tree, { target: 'BillingService.total', decorator: "@Trace('x')" });
  expect(tree.read('src/new.ts', 'utf8')).toBe('export {};\n');
  expect(
    recorded.calls().map(({ args }) => args.find((argument) => /^(plan|observe|complete)$/.test(argument))),
  ).toEqual(['plan', 'observe']);
});
