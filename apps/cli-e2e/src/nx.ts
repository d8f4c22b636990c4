/** Nx workspaces for tests: copies of the shop, and a fresh one that installed the packed packages. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { environment, node, type Outcome, ok, repository } from './krepis.ts';
import { temporary, write } from './workspace.ts';

/**
 * Runs a command line of a workspace; the caller looks at the exit code. The workspace's own programs come first, as `npx`
 * has them: its start would take as long as that of Nx.
 */
export function typed(root: string, line: string, env: Record<string, string> = {}): Outcome {
  const [command = '', ...args] = line.split(' ');
  const run = spawnSync(command, args, {
    cwd: root,
    env: environment({ ...path(root), ...env }),
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (run.error) throw run.error;
  return { code: run.status, signal: run.signal, stdout: run.stdout, stderr: run.stderr };
}

/** The same, where it has to end with 0. */
export function typedOk(root: string, line: string, env: Record<string, string> = {}): Outcome {
  const [command = '', ...args] = line.split(' ');
  return ok(command, args, root, { ...path(root), ...env });
}

/** The programs of the workspace that a folder lies in, then this repository's Node.js. */
function path(folder: string): Record<string, string> {
  const own: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    own.push(join(at, 'node_modules', '.bin'));
    if (existsSync(join(at, 'nx.json')) || at === dirname(at)) break;
  }
  return { PATH: [...own, join(repository, 'node_modules', 'node', 'bin'), process.env.PATH].join(delimiter) };
}

/** A copy of an installed workspace, without Nx's caches; node_modules is hard-linked, all else is copied. */
export function copyOf(template: string): string {
  const root = join(temporary(), 'workspace');
  mkdirSync(root);
  for (const name of readdirSync(template).filter((name) => name !== '.nx')) {
    ok('cp', [name === 'node_modules' ? '-al' : '-a', join(template, name), root], root);
  }
  return root;
}

/** `git status --porcelain`. */
export const status = (root: string) => ok('git', ['status', '--porcelain'], root).stdout;

/** The diff against the last commit, new files included. */
export function diff(root: string): string {
  ok('git', ['add', '-AN'], root);
  const text = ok('git', ['diff'], root).stdout;
  ok('git', ['reset', '-q'], root);
  return text;
}

/** Makes the state committed. */
export function commit(root: string): void {
  if (!existsSync(join(root, '.git'))) ok('git', ['init', '-q'], root);
  ok('git', ['add', '-A'], root);
  ok('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', 'commit', '-qm', 'x'], root);
}

/** What krepis keeps, with inode, size and times: equal listings mean that no file was created, changed or replaced. */
export function krepisFolder(root: string): string {
  if (!existsSync(join(root, '.krepis'))) return '';
  return ok('find', ['.krepis', '-printf', '%p %y %m %i %s %T@ %C@\\n'], root).stdout;
}

/**
 * Installs a plugin `wrapping` with one generator `service`, which calls ours and then does what the script says.
 *
 * @param script - statements; in scope: `tree`, `callback` (what our generator returned), and the function's result is
 *   what Nx calls after it has written
 */
export function installWrapper(root: string, script: string): void {
  write(join(root, 'node_modules', 'wrapping'), {
    'package.json': '{ "name": "wrapping", "version": "1.0.0", "generators": "./generators.json" }\n',
    'generators.json': '{ "generators": { "service": { "factory": "./service.cjs", "schema": "./schema.json" } } }\n',
    'schema.json':
      '{ "$id": "Wrapping", "cli": "nx", "type": "object", "properties": { "name": { "type": "string", "$default": { "$source": "argv", "index": 0 } } } }\n',
    'service.cjs': [
      "const { serviceGenerator } = require('@krepis/nx');",
      "const { spawnSync } = require('node:child_process');",
      "const { readFileSync, writeFileSync } = require('node:fs');",
      "const { join } = require('node:path');",
      'module.exports = async (tree, { name }) => {',
      '  const callback = await serviceGenerator(tree, { name });',
      `  ${script}`,
      '};',
      '',
    ].join('\n'),
  });
}

/** A machine without Rust: the only programs on PATH are those named here. */
export function pathWithoutRust(): string {
  const folder = temporary();
  symlinkSync(realpathSync(node), join(folder, 'node'));
  for (const name of ['npm', 'npx', 'git', 'sh', 'env', 'uname']) {
    symlinkSync(realpathSync(ok('sh', ['-c', `command -v ${name}`], folder).stdout.trim()), join(folder, name));
  }
  return folder;
}

/** The files `create-nx-workspace` starts from, and one small Krepis service in apps/api. */
const FRESH: Record<string, string> = {
  'package.json': `${JSON.stringify(
    {
      name: '@fresh/source',
      version: '0.0.0',
      license: 'MIT',
      private: true,
      scripts: {},
      dependencies: {},
      devDependencies: { '@nx/devkit': '23.2.1', '@types/node': '24.19.2', nx: '23.2.1', typescript: '~6.0.3' },
    },
    null,
    2,
  )}\n`,
  // A registry for @krepis that nobody answers for: what is not in the tarballs is not found.
  '.npmrc': '@krepis:registry=http://127.0.0.1:9/\n',
  '.gitignore': 'node_modules\ndist\n.nx/cache\n.nx/workspace-data\n',
  'README.md': '# Fresh\n',
  'nx.json': `${JSON.stringify({ $schema: './node_modules/nx/schemas/nx-schema.json', namedInputs: { default: ['{projectRoot}/**/*'] }, analytics: false, neverConnectToCloud: true }, null, 2)}\n`,
  'tsconfig.base.json': `${JSON.stringify(
    {
      compilerOptions: {
        target: 'es2023',
        lib: ['es2023'],
        module: 'nodenext',
        moduleResolution: 'nodenext',
        types: ['node'],
        strict: true,
        skipLibCheck: true,
        noEmit: true,
        allowImportingTsExtensions: true,
        verbatimModuleSyntax: true,
        erasableSyntaxOnly: true,
      },
    },
    null,
    2,
  )}\n`,
  'krepis.json': `${JSON.stringify(
    {
      schema: 1,
      runtime: 'standard',
      root: 'apps/api/src',
      elements: [{ name: 'api', files: ['apps/api/src/**'] }],
      rules: [],
    },
    null,
    2,
  )}\n`,
  'apps/api/project.json': `${JSON.stringify({ name: 'api', projectType: 'application', sourceRoot: 'apps/api/src', targets: {} }, null, 2)}\n`,
  'apps/api/package.json': '{ "name": "@fresh/api", "version": "0.0.0", "private": true, "type": "module" }\n',
  'apps/api/tsconfig.json': '{ "extends": "../../tsconfig.base.json", "include": ["src"] }\n',
  'apps/api/src/greeting.service.ts':
    "export class GreetingService {\n  greet(): string {\n    return 'hello';\n  }\n}\n",
  'apps/api/src/app.module.ts': `import { defineModule } from '@krepis/core';
import { GreetingService } from './greeting.service.ts';

export const appModule = defineModule({
  providers: [GreetingService],
});
`,
  'apps/api/src/main.ts': `import { createApp } from '@krepis/core';
import { appModule } from './app.module.ts';

const app = await createApp(appModule);
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' });
`,
};

/** The packed packages, which name each other by path. */
export function packages(): string[] {
  return ok(node, ['tools/tasks/pack.mjs', '--kept', '--no-build'], repository).stdout.trim().split('\n');
}

/** The packed `@krepis/nx`. */
export function packedPlugin(): string {
  const found = packages().find((file) => basename(file).startsWith('krepis-nx-'));
  if (found === undefined) throw new Error('@krepis/nx is not packed');
  return found;
}

/** A fresh workspace, committed, with the packed packages installed and no way to get them elsewhere. */
export function freshWorkspace(env: Record<string, string>): string {
  const root = join(temporary(), 'fresh');
  write(root, FRESH);
  const own = packages().filter((file) => /^krepis-(cli|core|nx|package\.json)-\d/.test(basename(file)));
  const specifiers = own.map((file) => `file:${file}`);
  ok('npm', ['install', '--save-dev', '--prefer-offline', '--no-audit', '--no-fund', ...specifiers], root, env);
  commit(root);
  return root;
}

/** Text of a file. */
export const read = (root: string, file: string) => readFileSync(join(root, file), 'utf8');
