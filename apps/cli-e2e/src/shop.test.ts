/** The main job in a copy of examples/shop: generate, compile, test, undo, redo (Shows 2). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { krepisOk, ok } from './krepis.ts';
import { removeTemporary, shop, snapshot } from './workspace.ts';

afterAll(removeTemporary);

test('krepis g service billing: files, module edited, compiles, tests pass; undo: clean; redo: the same diff', () => {
  const root = shop();
  const status = () => ok('git', ['status', '--porcelain'], root).stdout;
  const diff = () => {
    ok('git', ['add', '-AN'], root);
    const text = ok('git', ['diff'], root).stdout;
    ok('git', ['reset', '-q'], root);
    return text;
  };
  expect(status()).toBe('');
  const before = snapshot(root);

  krepisOk(['g', 'service', 'billing'], { cwd: root });
  expect(existsSync(join(root, 'src/billing/billing.service.ts'))).toBe(true);
  expect(existsSync(join(root, 'src/billing/billing.service.test.ts'))).toBe(true);
  expect(readFileSync(join(root, 'src/app.module.ts'), 'utf8')).toContain('BillingService');
  ok('npx', ['tsc', '--noEmit'], root);
  const tests = ok('npm', ['test'], root).stdout;
  expect(tests).toMatch(/fail 0/);
  expect(tests).toMatch(/BillingService/);
  const first = diff();

  krepisOk(['undo'], { cwd: root });
  expect(status()).toBe('');
  expect(snapshot(root)).toEqual(before);

  krepisOk(['redo'], { cwd: root });
  expect(diff()).toBe(first);

  // The generated test is not decoration: without the registration it fails.
  krepisOk(['undo'], { cwd: root });
  krepisOk(['g', 'service', 'billing'], { cwd: root });
  const module = readFileSync(join(root, 'src/app.module.ts'), 'utf8');
  krepisOk(['apply', '-'], {
    cwd: root,
    input: JSON.stringify({
      title: 'forget the registration',
      files: [
        {
          path: 'src/app.module.ts',
          edits: [{ find: listed(module), replace: listed(module).replace(/,?\s*BillingService/, '') }],
        },
      ],
    }),
  });
  expect(() => ok('npm', ['test'], root)).toThrow(/exit 1/);
});

/** The providers list as it stands in the module's source. */
function listed(module: string): string {
  const list = /providers: \[[^\]]*\]/.exec(module)?.[0];
  if (!list) throw new Error('the module has no providers list');
  return list;
}

test('several operations on one service, each undone, leave every byte as it was', () => {
  const root = shop();
  const before = snapshot(root);
  krepisOk(['g', 'service', 'billing'], { cwd: root });
  krepisOk(['g', 'method', 'BillingService', 'total(amounts: readonly number[]): number', '--body', '-'], {
    cwd: root,
    input: 'return amounts.reduce((sum, amount) => sum + amount, 0);\n',
  });
  krepisOk(['g', 'controller', 'billing'], { cwd: root });
  krepisOk(['g', 'module', 'shipping'], { cwd: root });
  ok('npx', ['tsc', '--noEmit'], root);
  ok('npm', ['test'], root);
  krepisOk(['check'], { cwd: root });
  for (let count = 0; count < 4; count += 1) krepisOk(['undo'], { cwd: root });
  expect(snapshot(root)).toEqual(before);
});

test('a second run of the same generator changes nothing and records nothing', () => {
  const root = shop();
  krepisOk(['g', 'service', 'billing'], { cwd: root });
  const after = snapshot(root);
  const again = krepisOk(['g', 'service', 'billing', '--json'], { cwd: root });
  expect(JSON.parse(again.stdout)).toMatchObject({ schema: 1, operation: null, files: [] });
  expect(snapshot(root)).toEqual(after);
  expect(JSON.parse(krepisOk(['history', '--json'], { cwd: root }).stdout).operations).toHaveLength(1);
});
