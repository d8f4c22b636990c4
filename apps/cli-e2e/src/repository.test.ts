/** What the repository promises about itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './krepis.ts';

const read = (file: string) => readFileSync(join(repository, file), 'utf8');

test('npm and pnpm see the same workspace packages', () => {
  const packages = /^packages:\n((?: {2}- .*\n)+)/m.exec(read('pnpm-workspace.yaml'))?.[1] ?? '';
  const listed = packages
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\s*- /, ''));
  expect(listed.length).toBeGreaterThan(5);
  expect(JSON.parse(read('package.json')).workspaces).toEqual(listed);
});

test('the README shows the two commands first', () => {
  const first = /```\n([\s\S]*?)```/.exec(read('README.md'))?.[1] ?? '';
  expect(first.split('\n').map((line) => line.split('#')[0]?.trim())).toEqual(['npm start', 'npm test', '']);
});
