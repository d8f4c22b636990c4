import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { folder, installKrepis, removeFolders } from '../testing/workspace.ts';
import { krepis } from './cli.ts';

afterEach(removeFolders);

test('plan hands over the arguments as they are and the overlay on stdin', async () => {
  const root = folder();
  const recorded = installKrepis(root, { plan: { stdout: '{"schema":1,"title":"service billing","files":[]}' } });
  const overlay = { schema: 1, title: 'pending', files: [{ path: 'a.ts', text: 'x' }] };
  const change = await krepis(root).plan({
    workspace: `${root}/apps/shop`,
    kind: 'service',
    arguments: ['--', 'a b'],
    overlay,
  });
  expect(change).toEqual({ schema: 1, title: 'service billing', files: [] });
  expect(recorded.calls()).toEqual([
    {
      args: ['-C', `${root}/apps/shop`, 'plan', 'service', '--format', 'json', '--overlay', '-', '--json', '--', 'a b'],
      cwd: root,
      input: JSON.stringify(overlay),
    },
  ]);
});

test('what krepis refuses keeps its code, place, reason and hint', async () => {
  const error = {
    code: 'KRP3004',
    message: 'refused',
    at: { path: 'src/a.ts', line: 3, column: 7 },
    reason: 'why',
    hint: 'how',
  };
  const root = folder();
  installKrepis(root, { plan: { stdout: JSON.stringify({ schema: 1, error }), code: 4 } });
  const planned = krepis(root).plan({ workspace: root, kind: 'service', arguments: [], overlay: {} });
  await expect(planned).rejects.toThrow('KRP3004: refused\n  at: src/a.ts:3:7\n  reason: why\n  hint: how');
});

test.each([
  ['no JSON', { stdout: 'thread panicked', stderr: 'boom', code: 101 }],
  ['no answer at all', { stderr: 'boom', code: 137 }],
])('%s: KRP7003 with the command, the exit code and what was said', async (_, answer) => {
  const root = folder();
  installKrepis(root, { complete: answer });
  await expect(krepis(root).complete(root, '01J')).rejects.toThrow(
    new RegExp(`KRP7003[\\s\\S]*history complete 01J --json\` ended with ${answer.code}: boom`),
  );
});

test('an operation without an id is no answer', async () => {
  const root = folder();
  installKrepis(root, { observe: { stdout: '{"schema":1}' } });
  const observed = krepis(root).observe({ workspace: root, title: 't', command: ['nx', 'g'], change: {} });
  await expect(observed).rejects.toThrow(/KRP7003/);
});

test('without @krepis/cli: KRP7002 and how to install it', () => {
  // A process of its own: the shim that starts Jest puts this repository's packages on NODE_PATH.
  const { NODE_PATH, ...env } = process.env;
  const program = `import(${JSON.stringify(join(__dirname, 'cli.ts'))}).then(({ krepis }) => krepis(process.cwd()))`;
  const ended = spawnSync(process.execPath, ['-e', program], { cwd: folder(), env, encoding: 'utf8' });
  expect(ended.status).toBe(1);
  expect(ended.stderr).toMatch(/KRP7002[\s\S]*does not resolve from[\s\S]*npm install/);
});
