/** What package.json, generators.json and executors.json promise is there. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import alias from '../alias/generators.json' with { type: 'json' };
import executors from '../executors.json' with { type: 'json' };
import generators from '../generators.json' with { type: 'json' };
import { errors } from './errors.ts';

const root = join(__dirname, '..');
const rows = [
  ...Object.entries(generators.generators).map(
    ([name, { factory, schema }]) => [`generator ${name}`, factory, schema] as const,
  ),
  ...Object.entries(executors.executors).map(
    ([name, row]) => [`executor ${name}`, row.implementation, row.schema] as const,
  ),
];

test.each(rows)('%s: source and schema', (_, implementation, schema) => {
  expect(implementation).toMatch(/^\.\/dist\//);
  expect(existsSync(join(root, `${implementation.replace('./dist', 'src')}.ts`))).toBe(true);
  const { properties } = require(join(root, schema)) as { properties: Record<string, { description?: string }> };
  for (const property of Object.values(properties)) expect(property.description).toEqual(expect.any(String));
});

test('the alias package leads to this one', () => {
  expect(alias.extends).toEqual(['@krepis/nx']);
});

test('every error has a code of this package, once', () => {
  const codes = Object.values(errors).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) expect(code).toMatch(/^KRP7\d{3}$/);
});
