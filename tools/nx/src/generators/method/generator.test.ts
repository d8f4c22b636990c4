import { folder, planning, removeFolders, treeOver } from '../../testing/workspace.ts';
import method from './generator.ts';

afterEach(removeFolders);

const PLANNED = { schema: 1, title: 'method', files: [{ path: 'src/new.ts', text: 'export {};\n' }] };

test('asks krepis for the plan of `method` with the arguments and options given', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  await method(treeOver(root), {
    class: 'BillingService',
    signature: 'total(a: number): Promise<number>',
    file: 'src/b.ts',
    cwd: 'src',
    body: 'body.txt',
  });
  expect(recorded.calls()[0]?.args).toEqual([
    '-C',
    root,
    'plan',
    'method',
    '--format',
    'json',
    '--overlay',
    '-',
    '--file=src/b.ts',
    `--body=${root}/src/body.txt`,
    '--json',
    '--',
    'BillingService',
    'total(a: number): Promise<number>',
  ]);
});

test('the planned file is in the tree, and the operation is recorded', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = planning(root, PLANNED);
  const tree = treeOver(root);
  await method(tree, { class: 'BillingService', signature: 'total(a: number): Promise<number>' });
  expect(tree.read('src/new.ts', 'utf8')).toBe('export {};\n');
  expect(
    recorded.calls().map(({ args }) => args.find((argument) => /^(plan|observe|complete)$/.test(argument))),
  ).toEqual(['plan', 'observe']);
});
