import { folder, removeFolders, treeOver } from '../testing/workspace.ts';
import { findPlace, type Target } from './workspace.ts';

afterEach(removeFolders);

const place = (files: readonly string[], target: Target) =>
  findPlace(treeOver(folder(Object.fromEntries(files.map((file) => [file, '{}'])))), target);

test('the nearest krepis.json from where one stands', () => {
  const files = ['krepis.json', 'apps/shop/krepis.json', 'apps/shop/src/a.ts'];
  expect(place(files, {}).root).toBe('.');
  expect(place(files, { cwd: 'apps/shop/src' }).root).toBe('apps/shop');
  expect(place(files, { cwd: 'apps' }).root).toBe('.');
  expect(place(files, { cwd: 'apps', projectRoot: 'apps/shop' }).root).toBe('apps/shop');
});

test('dir, module and file are relative to the workspace one stands in', () => {
  expect(
    place(['apps/shop/krepis.json'], { cwd: 'apps/shop/src', dir: 'src/billing', module: 'src/app.module.ts' }),
  ).toEqual({
    root: 'apps/shop',
    dir: 'src/billing',
    module: 'src/app.module.ts',
    file: undefined,
  });
});

test('they lead into a workspace further down', () => {
  expect(place(['krepis.json', 'apps/shop/krepis.json'], { dir: 'apps/shop/src/billing' })).toMatchObject({
    root: 'apps/shop',
    dir: 'src/billing',
  });
  expect(place(['apps/shop/krepis.json'], { file: 'apps/shop/src/a.ts' })).toMatchObject({
    root: 'apps/shop',
    file: 'src/a.ts',
  });
});

test('no krepis.json: KRP7001 with the place and what to do', () => {
  expect(() => place(['apps/shop/krepis.json'], { cwd: 'libs/x' })).toThrow(/KRP7001[\s\S]*at: libs\/x[\s\S]*init/);
});

test.each(['../elsewhere', '/etc'])('a target outside is refused: %s', (cwd) => {
  expect(() => place(['krepis.json'], { cwd })).toThrow(/KRP7005/);
  expect(() => place(['krepis.json'], { dir: `${'../'.repeat(3)}x` })).toThrow(/KRP7005/);
});
