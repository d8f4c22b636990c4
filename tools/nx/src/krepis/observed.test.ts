import { logger } from '@nx/devkit';
import { folder, removeFolders, treeOver } from '../testing/workspace.ts';
import { sha256 } from './change-set.ts';
import type { Krepis, ObserveRequest } from './cli.ts';
import { recordObserved } from './observed.ts';

afterEach(removeFolders);

function recorder() {
  const log: string[] = [];
  const observed: ObserveRequest[] = [];
  const cli: Krepis = {
    plan: async () => ({}),
    init: async () => ({}),
    observe: async (request) => {
      observed.push(request);
      log.push(`observe ${observed.length}`);
      return String(observed.length);
    },
    complete: async (_, operation) => void log.push(`complete ${operation}`),
  };
  return { log, observed, cli };
}

test('the record holds the touched paths only, with the digest of what is on disk', async () => {
  const tree = treeOver(folder({ 'a.ts': 'old' }));
  tree.write('a.ts', 'new');
  tree.write('b.ts', 'b');
  tree.write('unrelated.ts', 'x');
  const { cli, observed, log } = recorder();
  const callback = await recordObserved(tree, cli, { root: '.', title: 't', command: ['nx'], paths: ['a.ts', 'b.ts'] });
  expect(observed[0]?.change.files).toEqual([
    { path: 'a.ts', text: 'new', before: sha256(Buffer.from('old')) },
    { path: 'b.ts', text: 'b' },
  ]);
  await callback();
  await callback();
  expect(log).toEqual(['observe 1', 'complete 1']);
});

test('two generators on one tree become one operation over the paths of both, closed once', async () => {
  const tree = treeOver(folder({ 'a.ts': 'old' }));
  const { cli, observed, log } = recorder();
  tree.write('a.ts', 'first');
  const first = await recordObserved(tree, cli, {
    root: '.',
    title: 'one',
    command: ['nx', 'g', 'w'],
    paths: ['a.ts'],
  });
  tree.write('a.ts', 'second');
  tree.write('b.ts', 'b');
  const second = await recordObserved(tree, cli, {
    root: '.',
    title: 'two',
    command: ['nx', 'g', 'w'],
    paths: ['a.ts', 'b.ts'],
  });
  expect(log).toEqual(['observe 1', 'complete 1', 'observe 2']);
  expect(observed[1]).toMatchObject({ title: 'one; two', command: ['nx', 'g', 'w'] });
  expect(observed[1]?.change.files).toEqual([
    { path: 'a.ts', text: 'second', before: sha256(Buffer.from('old')) },
    { path: 'b.ts', text: 'b' },
  ]);
  await first();
  await second();
  expect(log.slice(3)).toEqual(['complete 2']);
});

test('two Krepis workspaces in one tree are two operations', async () => {
  const tree = treeOver(folder());
  tree.write('apps/a/x.ts', 'a');
  tree.write('apps/b/x.ts', 'b');
  const { cli, observed, log } = recorder();
  const callbacks = [];
  for (const root of ['apps/a', 'apps/b']) {
    callbacks.push(await recordObserved(tree, cli, { root, title: root, command: ['nx'], paths: ['x.ts'] }));
  }
  expect(observed.map(({ change }) => change.files)).toEqual([
    [{ path: 'x.ts', text: 'a' }],
    [{ path: 'x.ts', text: 'b' }],
  ]);
  for (const callback of callbacks) await callback();
  expect(log).toEqual(['observe 1', 'observe 2', 'complete 1', 'complete 2']);
});

test('a close that fails is a warning: the files are written, and the next krepis command closes it', async () => {
  const tree = treeOver(folder());
  tree.write('a.ts', 'a');
  const { cli } = recorder();
  const failing: Krepis = { ...cli, complete: () => Promise.reject(new Error('locked')) };
  const callback = await recordObserved(tree, failing, { root: '.', title: 't', command: ['nx'], paths: ['a.ts'] });
  const warn = jest.spyOn(logger, 'warn').mockImplementation(() => undefined);
  await callback();
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/stays open[\s\S]*locked/));
  warn.mockRestore();
});
