/** Module boundaries over both languages: edges between projects, found by krepis itself and judged in the Nx graph too. */
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { binary, failure, krepis, krepisOk, type Outcome, ok, repository } from './krepis.ts';
import { typed } from './nx.ts';
import { removeTemporary, sha256, snapshot, temporary, write } from './workspace.ts';

afterAll(removeTemporary);

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
const member = (name: string, rest: object = {}) => json({ name, version: '0.0.0', private: true, ...rest });

const rule = {
  id: 'ui-is-portable',
  from: 'tag:scope:ui',
  deny: ['tag:type:native'],
  why: 'it runs in a browser',
};
const policy = (extra: object = {}) =>
  json({
    schema: 1,
    ignore: ['target/**'],
    elements: [
      { name: 'ui', projects: ['packages/ui'], tags: ['scope:ui'] },
      { name: 'core', projects: ['packages/core'] },
      { name: 'native', projects: ['packages/native', 'crates/*'], tags: ['type:native'] },
    ],
    rules: [{ ...rule, ...extra }],
  });

/** ui -> core -> native (an addon) -> the crate it is built from -> another. */
const FILES: Record<string, string> = {
  'krepis.json': policy(),
  'package.json': json({ name: 'boundaries', private: true, workspaces: ['packages/*'] }),
  'nx.json': json({ plugins: ['@krepis/nx'], analytics: false, neverConnectToCloud: true }),
  '.gitignore': 'node_modules\n.nx\ntarget\n',
  'packages/ui/package.json': member('@x/ui', { dependencies: { '@x/core': '*' } }),
  'packages/ui/src/index.ts': "import { add } from '@x/core';\n\nexport const sum = add(1, 2);\n",
  'packages/core/package.json': member('@x/core', { main: 'src/index.ts', dependencies: { '@x/native': '*' } }),
  'packages/core/src/index.ts': "export { add } from '@x/native';\n",
  'packages/native/package.json': member('@x/native', {
    main: 'index.js',
    types: 'index.d.ts',
    napi: { binaryName: 'native' },
    scripts: { 'build:addon': 'napi build --platform --manifest-path ../../crates/binding/Cargo.toml' },
  }),
  'packages/native/index.d.ts': 'export declare function add(a: number, b: number): number;\n',
  'Cargo.toml': '[workspace]\nresolver = "3"\nmembers = ["crates/*"]\n',
  'crates/binding/Cargo.toml':
    '[package]\nname = "binding"\nversion = "0.0.0"\nedition = "2024"\n\n[dependencies]\nengine = { path = "../engine" }\n',
  'crates/binding/src/lib.rs': '',
  'crates/engine/Cargo.toml': '[package]\nname = "engine"\nversion = "0.0.0"\nedition = "2024"\n',
  'crates/engine/src/lib.rs': '',
};

function made(files: Record<string, string> = {}): string {
  const root = temporary();
  write(root, { ...FILES, ...files });
  return root;
}

interface Finding {
  readonly code: string;
  readonly rule: string;
  readonly message: string;
  readonly at: { readonly path: string; readonly line?: number; readonly column?: number };
  readonly steps?: readonly { readonly from: string; readonly to: string }[];
}

function findings(outcome: Outcome): readonly Finding[] {
  return JSON.parse(outcome.stdout).violations;
}

const place = ({ rule: id, at }: Finding) => `${id} ${at.path}:${at.line}:${at.column}`;

test('the workspace as it is keeps its rules', () => {
  const report = JSON.parse(krepisOk(['check', '--json'], { cwd: made() }).stdout);
  expect(report).toMatchObject({ violations: [], unknown: 0 });
});

test.each<[string, Record<string, string>, string]>([
  [
    'a dependency in package.json',
    {
      'packages/ui/package.json': member('@x/ui', { dependencies: { '@x/core': '*', '@x/native': '*' } }),
    },
    'packages/ui/package.json:7:5',
  ],
  ['an import', { 'packages/ui/src/fast.ts': "export { add } from '@x/native';\n" }, 'packages/ui/src/fast.ts:1:21'],
  [
    'an import by path of what is not built yet',
    { 'packages/ui/src/fast.ts': "import { add } from '../../native/native.node';\n\nexport { add };\n" },
    'packages/ui/src/fast.ts:1:21',
  ],
  [
    'a script that builds a crate',
    {
      'packages/ui/package.json': member('@x/ui', { scripts: { wasm: 'wasm-pack build ../../crates/engine' } }),
    },
    'packages/ui/package.json:6:13',
  ],
])('TypeScript to Rust by %s is found, with the place', (_, files, expected) => {
  const root = made(files);
  const outcome = krepis(['check', '--json'], { cwd: root });
  expect(outcome.code).toBe(1);
  expect(findings(outcome).map(place)).toEqual([`ui-is-portable ${expected}`]);
  const text = krepis(['check'], { cwd: root }).stderr;
  expect(text).toContain('error[KRP3101]: `ui` must not depend on `native` (rule `ui-is-portable`)');
  expect(text).toContain(`--> ${expected}`);
  expect(text).toContain('it runs in a browser');
  expect(text).toMatch(/\^{3}/);
  expect(text).toContain('`ui` may depend on `core`');
});

test('crate to crate, for development too, by tags that Cargo.toml has for Nx', () => {
  const root = made({
    'krepis.json': json({
      schema: 1,
      elements: [{ name: 'projects', projects: ['**'] }],
      rules: [{ id: 'pure', from: 'tag:pure', deny: ['tag:impure'] }],
    }),
    'crates/engine/Cargo.toml': `${FILES['crates/engine/Cargo.toml']}\n[package.metadata.nx]\ntags = ["pure"]\n\n[dev-dependencies]\nbinding = { path = "../binding" }\n`,
    'crates/binding/Cargo.toml': `${FILES['crates/binding/Cargo.toml']}\n[package.metadata.nx]\ntags = ["impure"]\n`,
  });
  const outcome = krepis(['check', '--json'], { cwd: root });
  expect(findings(outcome).map(place)).toEqual(['pure crates/engine/Cargo.toml:10:1']);
});

test('a transitive rule forbids to reach the addon, and shows the way', () => {
  const root = made({ 'krepis.json': policy({ transitive: true }) });
  const outcome = krepis(['check', '--json'], { cwd: root });
  expect(outcome.code).toBe(1);
  const [finding] = findings(outcome);
  expect(finding).toMatchObject({
    code: 'KRP3104',
    at: { path: 'packages/ui/package.json', line: 6 },
    steps: [
      { from: 'packages/ui', to: 'packages/core' },
      { from: 'packages/core', to: 'packages/native' },
    ],
  });
  expect(krepis(['check'], { cwd: root }).stderr).toContain('packages/core -> packages/native');
  // What is there is excused by a baseline.
  krepisOk(['check', '--write-baseline'], { cwd: root });
  krepisOk(['check'], { cwd: root });
});

test('a change that makes a transitive rule broken on the far side of an edge: exit 4 with the way, nothing is written', () => {
  const core = member('@x/core', { main: 'src/index.ts', dependencies: {} });
  const root = made({
    'krepis.json': policy({ transitive: true }),
    'packages/core/package.json': core,
    'packages/core/src/index.ts': 'export const add = (a: number, b: number) => a + b;\n',
  });
  krepisOk(['check'], { cwd: root });
  const before = snapshot(root);
  const path = 'packages/core/package.json';
  // ui, which the rule binds, is not touched: core gets an edge that the rule allows it.
  const change = {
    title: 'take the addon',
    files: [{ path, before: sha256(core), edits: [{ find: '{}', replace: '{ "@x/native": "*" }' }] }],
  };
  const input = JSON.stringify(change);
  const outcome = krepis(['apply', '-', '--json'], { cwd: root, input });
  expect(outcome.code).toBe(4);
  expect(failure(outcome)).toMatchObject({ code: 'KRP3104', at: { path: 'packages/ui/package.json' } });
  expect(krepis(['apply', '-'], { cwd: root, input }).stderr).toContain('packages/core -> packages/native');
  expect(snapshot(root)).toEqual(before);
  // By a rule that is not transitive the same change passes.
  write(root, { 'krepis.json': policy() });
  krepisOk(['apply', '-'], { cwd: root, input });
});

test.each<[string, string, string]>([
  ['package.json', '"@x/core": "*"', '"@x/core": "*",\n    "@x/native": "*"'],
  ['package.json, to a crate', '"private": true,', '"private": true,\n  "scripts": { "w": "cargo build -p engine" },'],
])('a change of %s that adds a forbidden edge: exit 4, nothing is written', (_, find, replace) => {
  const root = made();
  const path = 'packages/ui/package.json';
  const before = snapshot(root);
  const change = {
    title: 'break it',
    files: [{ path, before: sha256(FILES[path] ?? ''), edits: [{ find, replace }] }],
  };
  const outcome = krepis(['apply', '-', '--json'], { cwd: root, input: JSON.stringify(change) });
  expect(outcome.code).toBe(4);
  expect(failure(outcome)).toMatchObject({ code: 'KRP3101', at: { path }, hint: expect.any(String) });
  expect(snapshot(root)).toEqual(before);
});

test.each<[string, Record<string, string>, string]>([
  ['Cargo.toml', { 'crates/engine/Cargo.toml': '[package]\nname = \n' }, 'crates/engine/Cargo.toml:2'],
  ['package.json', { 'packages/ui/package.json': '{\n  "name": "@x/ui",\n}\n' }, 'packages/ui/package.json:2'],
  ['buf.gen.yaml', { 'buf.gen.yaml': 'version: v2\nplugins: [\n' }, 'buf.gen.yaml:3'],
])('a broken %s: exit 2 with the file and the line, never a check of half the edges', (_, files, expected) => {
  const outcome = krepis(['check'], { cwd: made(files) });
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toContain('error[KRP3012]');
  expect(outcome.stderr).toContain(`--> ${expected}:`);
});

describe('the Nx graph', () => {
  const target = (executor: string, options = {}) => ({ executor: `@krepis/nx:${executor}`, options });

  /** An Nx workspace with this repository's plugin; ui depends on native by project.json alone. */
  function nxWorkspace(implicit: boolean): string {
    if (!existsSync(join(repository, 'tools', 'nx', 'dist', 'executors', 'boundaries')))
      throw new Error('tools/nx/dist is missing: run `npm run build` first');
    const root = made({
      'rules/project.json': json({
        name: 'rules',
        targets: {
          boundaries: target('boundaries'),
          check: target('check'),
          'check-graph': target('check', { graph: true }),
        },
      }),
      'packages/ui/project.json': json({
        name: '@x/ui',
        ...(implicit && { implicitDependencies: ['@x/native'] }),
      }),
    });
    mkdirSync(join(root, 'node_modules', '@krepis'), { recursive: true });
    mkdirSync(join(root, 'node_modules', '@nx'), { recursive: true });
    for (const name of ['nx', '@nx/devkit', '@nx/js', 'typescript', '@krepis/nx'])
      symlinkSync(join(repository, 'node_modules', name), join(root, 'node_modules', name));
    ok('cargo', ['generate-lockfile', '--offline'], root);
    ok('git', ['init', '-q'], root);
    return root;
  }

  function nx(root: string, line: string): Outcome {
    return typed(root, `node node_modules/nx/dist/bin/nx.js ${line}`, {
      KREPIS_BIN: binary('krepis'),
      NX_CACHE_DIRECTORY: join(root, '.nx/cache'),
      NX_WORKSPACE_DATA_DIRECTORY: join(root, '.nx/workspace-data'),
    });
  }

  test('an implicit dependency that only Nx knows fails the task, where project.json says it', () => {
    const root = nxWorkspace(true);
    krepisOk(['check'], { cwd: root });
    expect(nx(root, 'run rules:check').code).toBe(0);
    for (const task of ['rules:boundaries', 'rules:check-graph']) {
      const outcome = nx(root, `run ${task}`);
      expect(outcome.code).not.toBe(0);
      const said = outcome.stdout + outcome.stderr;
      expect(said).toContain('`ui` must not depend on `native` (rule `ui-is-portable`)');
      expect(said).toContain('--> packages/ui/project.json:4:5');
      expect(said).toContain('the project graph (implicit)');
    }
    // The same from what Nx writes itself.
    expect(nx(root, 'graph --file=graph.json').code).toBe(0);
    const outcome = krepis(['check', '--graph', 'graph.json', '--json'], { cwd: root });
    expect(outcome.code).toBe(1);
    expect(findings(outcome).map(place)).toEqual(['ui-is-portable packages/ui/project.json:4:5']);
  });

  test('a graph that keeps the rules passes, and every edge of it is known', () => {
    const root = nxWorkspace(false);
    const outcome = nx(root, 'run rules:boundaries');
    expect(outcome.stdout + outcome.stderr).toContain('0 violations');
    expect(outcome.code).toBe(0);
    expect(readFileSync(join(root, 'packages/ui/package.json'), 'utf8')).toBe(FILES['packages/ui/package.json']);
  });

  test('a graph that cannot be read: exit 2, with the place', () => {
    const root = made({ 'graph.json': '{\n  "nodes": [}\n' });
    const outcome = krepis(['check', '--graph', 'graph.json', '--json'], { cwd: root });
    expect(outcome.code).toBe(2);
    expect(failure(outcome)).toMatchObject({ code: 'KRP3013', at: { path: 'graph.json', line: 2 } });
    expect(krepis(['check', '--graph', 'none.json'], { cwd: root }).code).toBe(2);
  });
});
