/** The package as its users get it: compiled to dist, and as sources by type stripping. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as core from './index.ts';

const project = join(__dirname, '..');
const tsc = createRequire(__filename).resolve('typescript/bin/tsc');

const consumer = `
import { createApp, defineModule, inject, InjectionToken, routes } from '@krepis/core';
import { createTestApp } from '@krepis/core/testing';

const NAME = new InjectionToken<string>('NAME');
class Greeter {
  readonly #name = inject(NAME);
  greet(): string {
    return \`hello \${this.#name}\`;
  }
}
const greetings = routes('/hello', { 'GET /:who': (request) => \`\${inject(Greeter).greet()} and \${request.params.who}\` });
const module = defineModule({ providers: [Greeter, { provide: NAME, useValue: 'world' }], routes: [greetings] });

const app = await createApp(module, { logger: false });
const { url } = await app.listen({ port: 0 });
console.log(await (await fetch(\`\${url}/hello/you\`)).text());
await app.close();

const test = createTestApp(module).override(NAME, 'test');
console.log((await test.inject('/hello/you')).text);
await test.close();
`;

let folder: string;

beforeEach(() => {
  // Inside the project, so that fastify and the compiler's types are found from there.
  mkdirSync(join(project, 'tmp'), { recursive: true });
  folder = mkdtempSync(join(project, 'tmp', 'package-'));
  writeFileSync(join(folder, 'consumer.ts'), consumer);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(folder, 'node_modules', '@krepis'), { recursive: true });
});

afterEach(() => rmSync(folder, { recursive: true }));

function node(args: readonly string[]): { status: number | null; output: string } {
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env });
  return { status, output: stdout + stderr };
}

test('the sources run by type stripping', () => {
  symlinkSync(project, join(folder, 'node_modules', '@krepis', 'core'));
  const run = node(['--conditions=@krepis/source', 'consumer.ts']);
  expect(run).toEqual({ status: 0, output: 'hello world and you\nhello test and you\n' });
});

test('the compiled package runs, and type checks a strict consumer and the README', () => {
  const built = join(folder, 'node_modules', '@krepis', 'core');
  const build = node([tsc, '-p', join(project, 'tsconfig.build.json'), '--outDir', join(built, 'dist')]);
  expect(build).toEqual({ status: 0, output: '' });
  writeFileSync(join(built, 'package.json'), readFileSync(join(project, 'package.json')));

  expect(node(['consumer.ts'])).toEqual({ status: 0, output: 'hello world and you\nhello test and you\n' });

  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--target',
    'es2023',
    '--module',
    'nodenext',
    '--types',
    'node',
  ];
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(project, 'README.md'), 'utf8')) ?? [];
  writeFileSync(join(folder, 'readme.ts'), example ?? '');
  expect(example).toContain('createApp');
  expect(node([tsc, ...options, 'consumer.ts', 'readme.ts'])).toEqual({ status: 0, output: '' });
  writeFileSync(join(folder, 'wrong.ts'), consumer.replace("useValue: 'world'", 'useValue: 5'));
  expect(node([tsc, ...options, 'wrong.ts']).output).toMatch(/wrong\.ts\(\d+,\d+\): error TS2322/);
}, 60_000);

test('every error has a code of this package, a message and a next step, and no code is used twice', () => {
  const entries = Object.values(core.errors);
  for (const { code, message, hint } of entries) {
    expect(code).toMatch(/^KRP8\d{3}$/);
    expect([message.length > 0, hint.length > 0]).toEqual([true, true]);
  }
  expect(new Set(entries.map(({ code }) => code)).size).toBe(entries.length);
});
