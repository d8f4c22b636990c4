/** `nx sync` and `nx sync:check` with the real Nx, Cargo, buf, napi and tsc: what is out of sync is named, mended, and stays so. */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Outcome, ok, repository } from './krepis.ts';
import { read, typed, typedOk } from './nx.ts';
import { removeTemporary, snapshot, temporary, write } from './workspace.ts';

afterAll(removeTemporary);

const PLUGIN = join(repository, 'tools', 'nx');
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
const said = ({ stdout, stderr }: Outcome) => stdout + stderr;

/** An Nx workspace with the compiled plugin installed, and these sync generators registered. */
function workspace(files: Record<string, string>, generators: readonly string[]): string {
  const root = join(temporary(), 'workspace');
  write(root, {
    'package.json': json({ name: 'sample', private: true, workspaces: ['libs/*'] }),
    'nx.json': json({
      plugins: ['@krepis/nx'],
      sync: { globalGenerators: generators },
      analytics: false,
      neverConnectToCloud: true,
    }),
    '.gitignore': 'node_modules\n.nx\ntarget\ndist\n*.tsbuildinfo\n',
    ...files,
  });
  const modules = join(root, 'node_modules');
  for (const part of ['dist', 'src/generators', 'generators.json', 'package.json']) {
    cpSync(join(PLUGIN, part), join(modules, '@krepis', 'nx', part), { recursive: true });
  }
  symlinkSync(join(PLUGIN, 'node_modules'), join(modules, '@krepis', 'nx', 'node_modules'));
  for (const name of ['nx', '@nx/devkit', '@nx/js', 'typescript', '@bufbuild', '.bin', '@types/node']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(repository, 'node_modules', name), join(modules, name));
  }
  ok('git', ['init', '-q'], root);
  return root;
}

/** Nx keeps caches in the home folder by default, shared by clones: these tests keep theirs beside the workspace. */
function caches(root: string): Record<string, string> {
  return { NX_CACHE_DIRECTORY: join(root, '..', 'cache'), NX_WORKSPACE_DATA_DIRECTORY: join(root, '..', 'data') };
}
const check = (root: string, env = {}) => typed(root, 'nx sync:check', { ...caches(root), ...env });
const sync = (root: string, env = {}) => typedOk(root, 'nx sync', { ...caches(root), ...env });

/** `nx sync` mends; a second one finds all in sync and changes no byte. */
function mends(root: string, env = {}): void {
  sync(root, env);
  const after = snapshot(root);
  expect(said(sync(root, env))).toContain('The workspace is already up to date');
  expect(snapshot(root)).toEqual(after);
}

describe('a copy of this repository, with its own nx.json', () => {
  let root: string;
  // Crates of registries stay compiled; only the plugins of protoc are built for the copy.
  const env = { CARGO_TARGET_DIR: process.env.CARGO_TARGET_DIR ?? join(repository, 'target') };
  beforeAll(() => {
    root = join(temporary(), 'repository');
    const files = ok('git', ['ls-files', '-co', '--exclude-standard'], repository).stdout.trim().split('\n');
    for (const file of files.filter((path) => existsSync(join(repository, path)))) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      cpSync(join(repository, file), join(root, file), { verbatimSymlinks: true });
    }
    for (const folder of ['.', 'tools/nx']) {
      symlinkSync(join(repository, folder, 'node_modules'), join(root, folder, 'node_modules'));
    }
    ok('git', ['init', '-q'], root);
  });

  test('it is in sync', () => {
    const outcome = check(root, env);
    expect(said(outcome)).toContain('The workspace is up to date');
    expect(outcome.code).toBe(0);
  });

  test('a field added to a message without generating: the check fails and names the stale files; `nx sync` mends', () => {
    const message = 'proto/krepis/v1/problem.proto';
    const text = read(root, message);
    writeFileSync(join(root, message), text.replace(/(message \w+ \{\n)/, '$1  string added_by_a_test = 900;\n'));
    const outcome = check(root, env);
    expect(outcome.code).toBe(1);
    for (const file of [
      'libs/proto/src/gen/krepis/v1/krepis.v1.rs',
      'libs/proto/src/gen/krepis/v1/krepis.v1.serde.rs',
      'libs/proto/ts/gen/krepis/v1/problem.ts',
    ]) {
      expect(said(outcome)).toContain(`${file}:\n`);
      expect(read(root, file)).not.toMatch(/added_?by_?a_?test/i);
    }
    expect(said(outcome)).toContain('- Stale: not what buf generates now');
    expect(said(outcome)).not.toContain('libs/proto/ts/gen/krepis/v1/changes.ts');
    mends(root, env);
    expect(read(root, 'libs/proto/src/gen/krepis/v1/krepis.v1.rs')).toContain('added_by_a_test');
    expect(read(root, 'libs/proto/ts/gen/krepis/v1/problem.ts')).toContain('addedByATest');
    // The other way: the message as it was, and what was generated for it goes back byte by byte.
    writeFileSync(join(root, message), text);
    sync(root, env);
    const generated = 'libs/proto/ts/gen/krepis/v1/problem.ts';
    expect(read(root, generated)).toBe(readFileSync(join(repository, generated), 'utf8'));
  });
});

describe('sync-crates', () => {
  const crate = (name: string) => ({
    [`libs/${name}/Cargo.toml`]: `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2024"\n`,
    [`libs/${name}/src/lib.rs`]: '',
  });
  const cargo = (root: string, folder: string) =>
    typed(join(root, folder), 'cargo metadata --no-deps --offline --format-version 1');
  const members = (root: string) =>
    (JSON.parse(cargo(root, '.').stdout).packages as { name: string }[]).map(({ name }) => name).sort();

  test('a new crate that Cargo refuses is named and listed; fixtures and templates are not', () => {
    const before = '[workspace]\nresolver = "3"\nmembers = [\n  "libs/a", # first\n  "libs/c",\n]\n';
    const root = workspace(
      {
        'Cargo.toml': before,
        ...crate('a'),
        ...crate('b'),
        ...crate('c'),
        'libs/a/tests/fixtures/x/Cargo.toml': '[package]\nname = "x"\n',
        'libs/a/tests/ui/Cargo.toml': '[package]\nname = "ui"\n',
        'libs/a/templates/y/Cargo.toml': '[package]\nname = "{{name}}"\n',
      },
      ['@krepis/nx:sync-crates'],
    );
    expect(cargo(root, 'libs/b').stderr).toContain("current package believes it's in a workspace when it's not");
    const outcome = check(root);
    expect(outcome.code).toBe(1);
    expect(said(outcome)).toMatch(/Cargo\.toml:\n.*- Missing members: libs\/b\n/);
    mends(root);
    expect(read(root, 'Cargo.toml')).toBe(before.replace('  "libs/c"', '  "libs/b",\n  "libs/c"'));
    expect(cargo(root, 'libs/b').code).toBe(0);
    expect(members(root)).toEqual(['a', 'b', 'c']);
  });

  test('a member whose folder is gone: Cargo refuses all, the generator takes it out', () => {
    const root = workspace(
      { 'Cargo.toml': '[workspace]\nresolver = "3"\nmembers = ["libs/a", "libs/gone"]\n', ...crate('a') },
      ['@krepis/nx:sync-crates'],
    );
    expect(cargo(root, '.').code).not.toBe(0);
    const outcome = check(root);
    expect(outcome.code).not.toBe(0);
    expect(said(outcome)).toMatch(
      /KRP7011[\s\S]*Cargo\.toml:3[\s\S]*libs\/gone[\s\S]*sync-crates --skip-project-graph/,
    );
    // The graph refuses the workspace as Cargo does; the generator alone needs no graph.
    const mended = typedOk(root, 'nx g @krepis/nx:sync-crates --skip-project-graph', caches(root));
    expect(mended.stdout).toContain('- Members without a Cargo.toml: libs/gone');
    expect(read(root, 'Cargo.toml')).toBe('[workspace]\nresolver = "3"\nmembers = ["libs/a"]\n');
    expect(members(root)).toEqual(['a']);
    expect(check(root).code).toBe(0);
  });

  test('a Cargo.toml that does not parse fails the check with file and line, and nothing is written', () => {
    const root = workspace({ 'Cargo.toml': '[workspace]\nmembers = []\n', ...crate('a'), ...crate('b') }, [
      '@krepis/nx:sync-crates',
    ]);
    appendFileSync(join(root, 'libs/a/Cargo.toml'), 'oops oops\n');
    const before = snapshot(root);
    const outcome = typed(root, 'nx sync', caches(root));
    expect(outcome.code).not.toBe(0);
    expect(said(outcome)).toMatch(/KRP7010[\s\S]*libs\/a\/Cargo\.toml:5/);
    expect(snapshot(root)).toEqual(before);
  });
});

describe('sync-messages', () => {
  const MESSAGES = {
    'libs/api/buf.yaml': 'version: v2\nmodules:\n  - path: proto\n',
    'libs/api/buf.gen.yaml':
      'version: v2\nclean: true\nplugins:\n  - local: protoc-gen-ts_proto\n    out: src/gen\n    opt: [importSuffix=.js]\n',
    'libs/api/proto/acme/v1/a.proto': 'syntax = "proto3";\npackage acme.v1;\n\nmessage A {\n  string name = 1;\n}\n',
    'libs/api/package.json': json({ name: '@acme/api', version: '1.0.0' }),
  };

  test('a buf workspace further down: generated, regenerated, left over files removed', () => {
    const root = workspace(MESSAGES, ['@krepis/nx:sync-messages']);
    const outcome = check(root);
    expect(outcome.code).toBe(1);
    expect(said(outcome)).toMatch(/libs\/api\/src\/gen\/acme\/v1\/a\.ts:\n.*- Missing: buf generates it/);
    mends(root);
    expect(read(root, 'libs/api/src/gen/acme/v1/a.ts')).toContain('export interface A');

    write(root, {
      'libs/api/proto/acme/v1/b.proto': 'syntax = "proto3";\npackage acme.v1;\n\nmessage B {\n  bool yes = 1;\n}\n',
    });
    rmSync(join(root, 'libs/api/proto/acme/v1/a.proto'));
    expect(said(check(root))).toMatch(/gen\/acme\/v1\/a\.ts:\n.*- Left over[\s\S]*gen\/acme\/v1\/b\.ts:\n.*- Missing/);
    mends(root);
    expect(existsSync(join(root, 'libs/api/src/gen/acme/v1/a.ts'))).toBe(false);
    expect(read(root, 'libs/api/src/gen/acme/v1/b.ts')).toContain('export interface B');
  });

  test('version 1 of the configuration: buf.work.yaml with two modules', () => {
    const message = (name: string, more = '') =>
      `syntax = "proto3";\npackage acme.${name};\n${more}\nmessage M {\n  string name = 1;\n}\n`;
    const root = workspace(
      {
        'old/buf.work.yaml': 'version: v1\ndirectories:\n  - one\n  - two\n',
        'old/one/buf.yaml': 'version: v1\n',
        'old/two/buf.yaml': 'version: v1\n',
        'old/buf.gen.yaml': 'version: v1\nplugins:\n  - plugin: ts_proto\n    out: gen\n',
        'old/one/acme/one.proto': message('one'),
        'old/two/acme/two.proto': message('two', 'import "acme/one.proto";'),
        'old/gen/by-hand.ts': '',
      },
      ['@krepis/nx:sync-messages'],
    );
    mends(root);
    expect(
      ['one', 'two', 'by-hand'].map((name) =>
        existsSync(join(root, 'old/gen', name === 'by-hand' ? '' : 'acme', `${name}.ts`)),
      ),
    ).toEqual([true, true, true]);
  });

  test('a message that buf refuses: its file and line, exit 1', () => {
    const root = workspace(
      {
        ...MESSAGES,
        'libs/api/proto/acme/v1/a.proto': 'syntax = "proto3";\npackage acme.v1;\n\nmessage A {\n  oops\n}\n',
      },
      ['@krepis/nx:sync-messages'],
    );
    const outcome = check(root);
    expect(outcome.code).toBe(1);
    expect(said(outcome)).toMatch(/KRP7032[\s\S]*at: libs\/api\/proto\/acme\/v1\/a\.proto:\d+:\d+/);
  });

  test('generated code that git ignores is left to its task', () => {
    const root = workspace({ ...MESSAGES, 'libs/api/.gitignore': 'src/gen/\n' }, ['@krepis/nx:sync-messages']);
    const outcome = check(root);
    expect(said(outcome)).toContain('All files are up to date');
    expect(outcome.code).toBe(0);
  });
});

describe('sync-platforms', () => {
  const addon = {
    name: '@acme/native',
    version: '1.2.3',
    description: 'The native half.',
    keywords: ['acme'],
    author: 'A',
    license: 'MIT',
    homepage: 'https://example.invalid',
    engines: { node: '>= 20' },
    repository: { type: 'git', url: 'https://example.invalid/acme.git' },
    bugs: 'https://example.invalid/bugs',
    publishConfig: { access: 'public', provenance: true },
  };
  const TRIPLES = [
    'x86_64-unknown-linux-gnu',
    'x86_64-unknown-linux-musl',
    'aarch64-unknown-linux-gnu',
    'armv7-unknown-linux-gnueabihf',
    'armv7-linux-androideabi',
    'aarch64-linux-android',
    'riscv64gc-unknown-linux-gnu',
    's390x-unknown-linux-gnu',
    'x86_64-apple-darwin',
    'universal-apple-darwin',
    'x86_64-pc-windows-msvc',
    'i686-pc-windows-msvc',
    'x86_64-unknown-freebsd',
  ];
  const LATER = ['loongarch64-unknown-linux-gnu', 'powerpc64le-unknown-linux-gnu', 'aarch64-unknown-linux-ohos'];
  const modules = join(repository, 'apps', 'cli-e2e', 'node_modules');

  test.each([
    [
      '3',
      { binaryName: 'acme', packageName: '@acme/binary', targets: [...TRIPLES, ...LATER] },
      [join(modules, '@napi-rs', 'cli', 'dist', 'cli.js'), 'create-npm-dirs'],
    ],
    [
      '2',
      {
        name: 'acme',
        triples: {
          defaults: true,
          additional: TRIPLES.filter((triple) => !/linux-gnu$|darwin$|x86_64-pc/.test(triple)),
        },
      },
      [join(modules, 'napi-cli-2', 'scripts', 'index.js'), 'create-npm-dir', '-t', '.'],
    ],
  ])('what @napi-rs/cli %s writes, package by package, field by field', (major, napi, command) => {
    const manifest = json({ ...addon, napi, devDependencies: { '@napi-rs/cli': `^${major}.0.0` } });
    const theirs = join(temporary(), 'theirs');
    write(theirs, { 'package.json': manifest });
    ok(join(repository, 'node_modules', 'node', 'bin', 'node'), command, theirs);

    const root = workspace({ 'libs/native/package.json': manifest }, ['@krepis/nx:sync-platforms']);
    const outcome = check(root);
    expect(outcome.code).toBe(1);
    expect(said(outcome)).toMatch(/npm\/linux-x64-musl\/package\.json:\n.*- Missing: target x86_64-unknown-linux-musl/);
    mends(root);
    const [ours, expected] = [snapshot(join(root, 'libs/native/npm')), snapshot(join(theirs, 'npm'))];
    expect(Object.keys(ours)).toEqual(Object.keys(expected));
    for (const path of Object.keys(ours).filter((name) => name.endsWith('.json'))) {
      const [own, other] = [join(root, 'libs/native/npm'), join(theirs, 'npm')].map((at) => read(at, path).trim());
      // The same text: the same fields in the same order. Version 2 writes no newline at the end.
      expect(`${path}\n${own}`).toBe(`${path}\n${other}`);
    }
    for (const path of Object.keys(ours).filter((name) => name.endsWith('.md')))
      expect(ours[path]).toBe(expected[path]);
  });

  test('a new version and a target less: `napi version` would write the same', () => {
    const napi = { binaryName: 'acme', targets: TRIPLES.slice(0, 3) };
    const root = workspace({ 'libs/native/package.json': json({ ...addon, napi }) }, ['@krepis/nx:sync-platforms']);
    sync(root);
    const less = { ...addon, version: '2.0.0', napi: { ...napi, targets: TRIPLES.slice(0, 2) } };
    write(root, { 'libs/native/package.json': json(less) });
    const outcome = check(root);
    expect(outcome.code).toBe(1);
    expect(said(outcome)).toContain('Not as its addon says: version');
    expect(said(outcome)).toContain('Superfluous: @acme/native has no such target');
    mends(root);
    expect(JSON.parse(read(root, 'libs/native/npm/linux-x64-gnu/package.json')).version).toBe('2.0.0');
    expect(existsSync(join(root, 'libs/native/npm/linux-arm64-gnu'))).toBe(false);
  });
});

describe('sync-tsconfig', () => {
  const base = json({
    compilerOptions: {
      composite: true,
      declaration: true,
      module: 'nodenext',
      moduleResolution: 'nodenext',
      target: 'es2023',
      types: [],
      strict: true,
      rootDir: `\${configDir}/src`,
      outDir: `\${configDir}/dist`,
      customConditions: ['@acme/source'],
    },
  });
  const library = (name: string, uses: readonly string[], more = {}) => ({
    [`libs/${name}/package.json`]: json({
      name: `@acme/${name}`,
      version: '1.0.0',
      type: 'module',
      exports: { '.': { '@acme/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' } },
      dependencies: Object.fromEntries(uses.map((use) => [`@acme/${use}`, '*'])),
    }),
    [`libs/${name}/tsconfig.json`]: json({ extends: '../../tsconfig.base.json', include: ['src'], ...more }),
    [`libs/${name}/src/index.ts`]: `${uses.map((use) => `import { ${use} } from '@acme/${use}';\n`).join('')}export const ${name}: string = [${uses.join(', ')}].join();\n`,
  });
  const FILES = {
    'tsconfig.base.json': base,
    'tsconfig.json': json({ files: [], references: [] }),
    ...library('core', []),
    ...library('rules', ['core']),
    ...library('shop', ['rules', 'core', 'native'], { references: [{ path: '../gone' }] }),
    // An addon: a crate and a package in one folder; and a crate it uses, which no TypeScript can reference.
    ...library('native', []),
    'Cargo.toml': '[workspace]\nresolver = "3"\nmembers = ["libs/native", "libs/engine"]\n',
    'Cargo.lock':
      'version = 4\n\n[[package]]\nname = "engine"\nversion = "0.1.0"\n\n[[package]]\nname = "native"\nversion = "0.1.0"\ndependencies = [\n "engine",\n]\n',
    'libs/native/Cargo.toml':
      '[package]\nname = "native"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\nengine = { path = "../engine" }\n',
    'libs/native/src/lib.rs': '',
    'libs/engine/Cargo.toml': '[package]\nname = "engine"\nversion = "0.1.0"\nedition = "2024"\n',
    'libs/engine/src/lib.rs': '',
  };
  const linked = (root: string) => {
    mkdirSync(join(root, 'node_modules', '@acme'));
    for (const name of ['core', 'rules', 'shop', 'native']) {
      symlinkSync(join(root, 'libs', name), join(root, 'node_modules', '@acme', name));
    }
    return root;
  };
  const references = (root: string) =>
    Object.fromEntries(
      ['.', 'libs/core', 'libs/rules', 'libs/shop', 'libs/native'].map((folder) => {
        const { references } = JSON.parse(read(root, join(folder, 'tsconfig.json')));
        const paths = (references ?? []) as { path: string }[];
        return [folder, paths.map(({ path }) => path.replace(/^\.\//, '')).sort()];
      }),
    );

  test('missing references fail the check; after `nx sync` `tsc --build` makes the closure of a project in order', () => {
    const root = linked(workspace(FILES, ['@krepis/nx:sync-tsconfig']));
    const outcome = check(root);
    expect(outcome.code).toBe(1);
    expect(said(outcome)).toMatch(
      /libs\/shop\/tsconfig\.json:\n.*- Missing references: libs\/core\/tsconfig\.json, libs\/native\/tsconfig\.json, libs\/rules\/tsconfig\.json\n.*- Stale references: libs\/gone\/tsconfig\.json/,
    );
    mends(root);
    typedOk(root, 'tsc --build libs/shop');
    expect(
      ['core', 'native', 'rules', 'shop'].map((name) => existsSync(join(root, 'libs', name, 'dist/index.d.ts'))),
    ).toEqual([true, true, true, true]);
  });

  test('the references are those that @nx/js:typescript-sync writes', () => {
    const [ours, theirs] = [
      linked(workspace(FILES, ['@krepis/nx:sync-tsconfig'])),
      linked(workspace(FILES, ['@nx/js:typescript-sync'])),
    ];
    sync(ours);
    sync(theirs);
    expect(references(ours)).toEqual(references(theirs));
  });
});

test('all at once: one check names everything, one `nx sync` mends everything', () => {
  const root = workspace(
    {
      'Cargo.toml': '[workspace]\nresolver = "3"\nmembers = []\n',
      'libs/native/Cargo.toml': '[package]\nname = "native"\nversion = "0.1.0"\nedition = "2024"\n',
      'libs/native/src/lib.rs': '',
      'libs/native/package.json': json({
        name: 'native',
        version: '1.0.0',
        napi: { binaryName: 'native', targets: ['x86_64-unknown-linux-gnu'] },
      }),
      'libs/native/tsconfig.json': json({ compilerOptions: { composite: true }, files: [] }),
      'libs/app/package.json': json({ name: 'app', dependencies: { native: '*' } }),
      'libs/app/tsconfig.json': json({ files: [] }),
    },
    ['crates', 'platforms', 'messages', 'tsconfig'].map((name) => `@krepis/nx:sync-${name}`),
  );
  const outcome = check(root);
  expect(outcome.code).toBe(1);
  for (const part of [
    '- Missing members: libs/native',
    '- Missing: target x86_64-unknown-linux-gnu of native',
    '- Missing references: libs/native/tsconfig.json',
  ]) {
    expect(said(outcome)).toContain(part);
  }
  mends(root);
});
