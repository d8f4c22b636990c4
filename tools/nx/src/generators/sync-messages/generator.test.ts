import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import picomatch from 'picomatch';
import { flush, folder, removeFolders, treeOver } from '../../testing/workspace.ts';
import { type MessageOptions, syncMessages } from './generator.ts';

jest.setTimeout(60_000);
afterEach(removeFolders);

/** A program in place of buf: a real process that writes `<out>/NAME.txt` for each message, and counts its runs. */
const BUF = `#!${process.execPath}
const { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
appendFileSync(join(__dirname, 'runs'), process.argv.slice(2).join(' ') + '\\n');
const base = process.argv[process.argv.indexOf('-o') + 1];
for (const [, out] of readFileSync('buf.gen.yaml', 'utf8').matchAll(/out: (\\S+)/g)) {
  for (const name of readdirSync('proto')) {
    const text = readFileSync(join('proto', name), 'utf8');
    if (text.includes('oops')) {
      process.stderr.write('proto/' + name + ':1:3:syntax error: unexpected "oops"\\n');
      process.exit(100);
    }
    mkdirSync(join(base, out), { recursive: true });
    writeFileSync(join(base, out, name + '.txt'), text.toUpperCase());
  }
}
`;

const FILES = {
  'nx.json': '{}',
  'buf.yaml': 'version: v2\nmodules:\n  - path: proto\n',
  'buf.gen.yaml': 'version: v2\nclean: true\nplugins:\n  - local: protoc-gen-x\n    out: gen\n',
  'proto/a.proto': 'message a',
  'gen/a.proto.txt': 'MESSAGE A',
};

function workspace(files: Record<string, string> = FILES) {
  const root = folder({ ...files, 'node_modules/.bin/buf': BUF });
  chmodSync(join(root, 'node_modules/.bin/buf'), 0o755);
  const log = join(root, 'node_modules/.bin/runs');
  return {
    root,
    write: (path: string, text: string) => {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    read: (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined),
    runs: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
    /** One `nx sync:check` (or, with `mend`, one `nx sync`). */
    check: async (options: Partial<MessageOptions> = {}, mend = false) => {
      const tree = treeOver(root);
      const glob = async (patterns: readonly string[]) => {
        const files = readdirSync(root, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => relative(root, join(entry.parentPath, entry.name)))
          .filter((path) => !path.startsWith('node_modules/'));
        const matches = picomatch([...patterns]);
        return files.filter((path) => matches(path));
      };
      const result = await syncMessages(tree, options, { glob, cache: join(root, 'node_modules', '.cache') });
      if (mend) {
        flush(tree);
        await result?.callback?.();
      }
      return result?.outOfSyncDetails;
    },
  };
}

test('in sync: nothing is reported, and buf runs once, not on every check', async () => {
  const { check, runs, write } = workspace();
  expect(await check()).toBeUndefined();
  expect(await check()).toBeUndefined();
  expect(runs()).toEqual([expect.stringMatching(/^generate --template buf\.gen\.yaml -o \//)]);
  write('proto/README.md', 'no message');
  await check();
  expect(runs()).toHaveLength(1);
});

test('a changed, a new and a deleted message: each file is named with its reason, `nx sync` mends, and buf is not run again', async () => {
  const { root, check, runs, write, read } = workspace();
  await check();
  write('proto/a.proto', 'message a2');
  write('proto/b.proto', 'message b');
  write('gen/old.proto.txt', 'MESSAGE OLD');
  expect(await check()).toEqual([
    'gen/a.proto.txt:',
    '  - Stale: not what buf generates now',
    'gen/b.proto.txt:',
    '  - Missing: buf generates it',
    'gen/old.proto.txt:',
    '  - Left over: buf no longer generates it',
  ]);
  expect(read('gen/a.proto.txt')).toBe('MESSAGE A');
  expect(await check({}, true)).toHaveLength(6);
  expect(readdirSync(join(root, 'gen')).sort()).toEqual(['a.proto.txt', 'b.proto.txt']);
  expect(read('gen/a.proto.txt')).toBe('MESSAGE A2');
  const before = runs().length;
  expect(await check()).toBeUndefined();
  expect(runs()).toHaveLength(before);
});

test('without `clean` a file that is not generated stays', async () => {
  const { check } = workspace({
    ...FILES,
    'buf.gen.yaml': FILES['buf.gen.yaml'].replace('clean: true\n', ''),
    'gen/by-hand.txt': '',
  });
  expect(await check()).toBeUndefined();
});

test.each([
  ['an edit of the generated code', 'gen/a.proto.txt', 'EDITED'],
  ['the template', 'buf.gen.yaml', `${FILES['buf.gen.yaml']}# changed\n`],
  ['a lock file', 'pnpm-lock.yaml', 'lockfileVersion: 9'],
  ['another module it may import', 'other/c.proto', 'message c'],
  ['what the option `inputs` names', 'tools/plugin.ts', 'export {}'],
])('%s is an input: buf runs again', async (_, path, text) => {
  const { check, runs, write } = workspace();
  const options = { inputs: ['tools/**'] };
  await check(options);
  write(path, text);
  await check(options);
  expect(runs()).toHaveLength(2);
});

test('the sources of a plugin that cargo runs are inputs, with those of its path dependencies; other crates are not', async () => {
  const { check, runs, write } = workspace({
    ...FILES,
    'buf.gen.yaml': 'version: v2\nplugins:\n  - local: [cargo, run, --quiet, --package, gen, --, x]\n    out: gen\n',
    'Cargo.toml': '[workspace]\nmembers = ["tools/*"]\n[workspace.dependencies]\nshared = { path = "tools/shared" }\n',
    'tools/gen/Cargo.toml': '[package]\nname = "gen"\n[dependencies]\nshared.workspace = true\n',
    'tools/shared/Cargo.toml': '[package]\nname = "shared"\n',
    'tools/other/Cargo.toml': '[package]\nname = "other"\n',
  });
  await check();
  write('tools/other/src/lib.rs', '// other');
  await check();
  expect(runs()).toHaveLength(1);
  write('tools/shared/src/lib.rs', '// shared');
  await check();
  expect(runs()).toHaveLength(2);
  write('tools/gen/src/main.rs', '// gen');
  await check();
  expect(runs()).toHaveLength(3);
});

test('another buf, or another plugin on PATH, is another input', async () => {
  const { root, check, runs } = workspace();
  await check();
  appendFileSync(join(root, 'node_modules/.bin/buf'), '// newer\n');
  await check();
  expect(runs()).toHaveLength(2);
});

test('workspaces of buf further down, each with its own template; fixtures and excluded ones are left alone', async () => {
  const below = (prefix: string, files: Record<string, string>) =>
    Object.fromEntries(Object.entries(files).map(([path, text]) => [`${prefix}/${path}`, text]));
  const { 'gen/a.proto.txt': _, 'nx.json': __, ...missing } = FILES;
  const { check, read } = workspace({
    ...FILES,
    ...below('services/api', {
      ...missing,
      'buf.gen.yaml': 'version: v1\nplugins:\n  - name: x\n    out: ../shared/gen\n',
    }),
    ...below('libs/x/fixtures', missing),
    ...below('old', missing),
  });
  expect(await check({ exclude: ['old/**'] }, true)).toEqual([
    'services/shared/gen/a.proto.txt:',
    '  - Missing: buf generates it',
  ]);
  expect(read('services/shared/gen/a.proto.txt')).toBe('MESSAGE A');
});

test('a message that does not parse: buf’s place, as a path of the Nx root; nothing is written', async () => {
  const { check, write, read } = workspace();
  write('proto/a.proto', 'oops');
  await expect(check({}, true)).rejects.toThrow(/KRP7032[\s\S]*at: proto\/a\.proto:1:3[\s\S]*unexpected "oops"/);
  expect(read('gen/a.proto.txt')).toBe('MESSAGE A');
});

test('without buf: an error that names buf.yaml and how to install it', async () => {
  const { root, check } = workspace();
  chmodSync(join(root, 'node_modules/.bin/buf'), 0o644);
  const path = process.env.PATH;
  process.env.PATH = root;
  try {
    await expect(check()).rejects.toThrow(/KRP7031[\s\S]*at: buf\.yaml[\s\S]*npm install --save-dev @bufbuild\/buf/);
  } finally {
    process.env.PATH = path;
  }
});

test.each([
  ['broken YAML', 'version: v2\nplugins: [\n', /KRP7013[\s\S]*at: buf\.gen\.yaml:3/],
  ['an output outside', 'version: v2\nplugins:\n  - local: x\n    out: ../gen\n', /KRP7033[\s\S]*\.\.\/gen/],
])('%s is an error', async (_, template, message) => {
  await expect(workspace({ ...FILES, 'buf.gen.yaml': template }).check()).rejects.toThrow(message);
});
