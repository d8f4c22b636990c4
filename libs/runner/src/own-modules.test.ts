import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ownModule } from './own-modules.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'krepis-own-')));
mkdirSync(join(root, 'old'));
writeFileSync(join(root, 'old', 'package.json'), '{ "type": "commonjs" }');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const format = (specifier: string, from = 'main.ts') =>
  ownModule(specifier, pathToFileURL(join(root, from)).href, root)?.format;

test.each([
  ['./a.ts', 'module-typescript'],
  ['./a.js', 'module'],
  ['./a.mjs', 'module'],
  ['./a.cjs', 'commonjs'],
  ['./a.cts', 'commonjs-typescript'],
  ['./a.json', 'json'],
  ['./old/a.js', 'commonjs'],
  ['./old/a.ts', 'commonjs-typescript'],
  [pathToFileURL(join(root, 'a.ts')).href, 'module-typescript'],
])('%s is %s', (specifier, expected) => expect(format(specifier)).toBe(expected));

test.each([
  'node:fs',
  'left-pad',
  '../a.ts',
  '/etc/a.ts',
  './node_modules/x/index.js',
  './a',
  'data:text/javascript,',
  './a.tsx',
])('%s is left to Node', (specifier) => expect(format(specifier)).toBeUndefined());
