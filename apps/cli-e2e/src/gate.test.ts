/** A change that breaks the architecture is refused before a byte is written (Shows 5). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure, krepis, krepisOk } from './krepis.ts';
import { historyFiles, removeTemporary, sha256, snapshot, workspace, write } from './workspace.ts';

afterAll(removeTemporary);

const policy = {
  schema: 1,
  runtime: 'standard',
  root: 'src',
  elements: [
    { name: 'domain', files: ['src/domain/**'] },
    { name: 'infrastructure', files: ['src/infrastructure/**'] },
  ],
  rules: [{ id: 'domain-is-pure', from: 'domain', deny: ['infrastructure', 'npm:*', 'node:*'] }],
};
const files = {
  'krepis.json': `${JSON.stringify(policy, null, 2)}\n`,
  'src/domain/order.ts': 'export const order = 1;\n',
  'src/infrastructure/store.ts': "import { order } from '../domain/order.ts';\nexport const store = order;\n",
};

function importing(specifier: string) {
  return JSON.stringify({
    title: 'break it',
    files: [
      {
        path: 'src/domain/order.ts',
        before: sha256(files['src/domain/order.ts']),
        edits: [{ start: 0, end: 0, text: `import * as x from '${specifier}';\nexport { x };\n` }],
      },
    ],
  });
}

test.each(['../infrastructure/store.ts', 'fastify', 'node:fs'])(
  'domain importing %s: exit 4, the diagnostic, tree and history unchanged',
  (specifier) => {
    const root = workspace(files);
    const change = { title: 'good', files: [{ path: 'src/domain/money.ts', text: 'export const money = 1;\n' }] };
    krepisOk(['apply', '-'], { cwd: root, input: JSON.stringify(change) });
    const [tree, history] = [snapshot(root), historyFiles(root)];

    const outcome = krepis(['apply', '-', '--json'], { cwd: root, input: importing(specifier) });
    expect(outcome.code).toBe(4);
    const refused = failure(outcome);
    expect(refused).toMatchObject({
      code: expect.stringMatching(/^KRP3\d{3}$/),
      at: { path: 'src/domain/order.ts', line: 1 },
      reason: expect.any(String),
      hint: expect.any(String),
    });
    expect(JSON.stringify(refused)).toContain('domain-is-pure');
    expect(snapshot(root)).toEqual(tree);
    expect(historyFiles(root)).toEqual(history);

    const text = krepis(['apply', '-'], { cwd: root, input: importing(specifier) });
    expect(text.code).toBe(4);
    expect(text.stdout).toBe('');
    expect(text.stderr).toMatch(/error\[KRP3\d{3}\]/);
    expect(text.stderr).toContain('src/domain/order.ts:1');
    expect(text.stderr).toContain('hint:');
  },
);

test('a baseline excuses what was there, not what is new', () => {
  const root = workspace({
    ...files,
    'src/domain/old.ts': "import { store } from '../infrastructure/store.ts';\nexport const old = store;\n",
  });
  expect(krepis(['check'], { cwd: root }).code).toBe(1);
  krepisOk(['check', '--write-baseline'], { cwd: root });
  krepisOk(['check'], { cwd: root });
  expect(krepis(['apply', '-'], { cwd: root, input: importing('../infrastructure/store.ts') }).code).toBe(4);
  krepisOk(['undo'], { cwd: root });
  expect(krepis(['check'], { cwd: root }).code).toBe(1);
});

test('a change beside an old violation is allowed', () => {
  const old = "import { store } from '../infrastructure/store.ts';\nexport const old = store;\n";
  const root = workspace({ ...files, 'src/domain/old.ts': old });
  const change = {
    title: 'touch',
    files: [{ path: 'src/domain/old.ts', before: sha256(old), edits: [{ start: 0, end: 0, text: '// note\n' }] }],
  };
  krepisOk(['apply', '-'], { cwd: root, input: JSON.stringify(change) });
});

test('moving a file so that its importer breaks a rule is refused', () => {
  const root = workspace({
    ...files,
    'src/domain/a.ts': "import { helper } from './helper.ts';\nexport const a = helper;\n",
    'src/domain/helper.ts': 'export const helper = 1;\n',
  });
  const text = readFileSync(join(root, 'src/domain/a.ts'), 'utf8');
  const helper = readFileSync(join(root, 'src/domain/helper.ts'), 'utf8');
  const change = {
    title: 'move',
    files: [
      { path: 'src/infrastructure/helper.ts', renamedFrom: 'src/domain/helper.ts', before: sha256(helper) },
      {
        path: 'src/domain/a.ts',
        before: sha256(text),
        edits: [{ find: './helper.ts', replace: '../infrastructure/helper.ts' }],
      },
    ],
  };
  const before = snapshot(root);
  expect(krepis(['apply', '-'], { cwd: root, input: JSON.stringify(change) }).code).toBe(4);
  expect(snapshot(root)).toEqual(before);
});

test('check prints every violation with its place, exit 1; --json has them as data', () => {
  const root = workspace(files);
  krepisOk(['check'], { cwd: root });
  write(root, { 'src/domain/bad.ts': "import { readFileSync } from 'node:fs';\nexport const bad = readFileSync;\n" });
  const outcome = krepis(['check', '--json'], { cwd: root });
  expect(outcome.code).toBe(1);
  const report = JSON.parse(outcome.stdout);
  expect(report.schema).toBe(1);
  expect(report.violations).toHaveLength(1);
  expect(report.violations[0]).toMatchObject({ rule: 'domain-is-pure', at: { path: 'src/domain/bad.ts', line: 1 } });
});
