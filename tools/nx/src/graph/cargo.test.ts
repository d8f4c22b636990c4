import { readCrates } from './cargo.ts';
import { memoryReader } from './reader.ts';

/** A workspace's lock file without packages: nothing external. */
const LOCK = 'version = 4\n';

function graph(files: Record<string, string>) {
  return readCrates(Object.keys(files), memoryReader(files));
}

const crates = (files: Record<string, string>) => graph({ 'Cargo.lock': LOCK, ...files }).crates;

const edge = (found: ReturnType<typeof crates>, root: string) =>
  found.find((crate) => crate.root === root)?.dependencies.map((dependency) => dependency.root);

test('edges follow path dependencies: normal, dev, build, target, renamed, and those of the workspace table', () => {
  const found = crates({
    'Cargo.toml': `[workspace]
members = ["libs/*", "apps/cli"]
[workspace.dependencies]
shared = { path = "libs/shared", package = "acme-shared" }
serde = "1"`,
    'libs/shared/Cargo.toml': '[package]\nname = "acme-shared"',
    'libs/a/Cargo.toml': '[package]\nname = "a"',
    'libs/b/Cargo.toml': '[package]\nname = "b"',
    'libs/c/Cargo.toml': '[package]\nname = "c"',
    'libs/d/Cargo.toml': '[package]\nname = "d"',
    'apps/cli/Cargo.toml': `[package]
name = "cli"
[dependencies]
shared.workspace = true
serde = { workspace = true }
renamed = { path = "../../libs/a", package = "a" }
[dev-dependencies]
b = { path = "../../libs/b" }
[build-dependencies]
c = { path = "../../libs/c/" }
[target.'cfg(unix)'.dependencies]
d = { path = "../../libs/d" }`,
  });
  expect(edge(found, 'apps/cli')).toEqual(['libs/a', 'libs/b', 'libs/c', 'libs/d', 'libs/shared']);
  expect(found.find(({ root }) => root === 'libs/shared')).toMatchObject({ name: 'acme-shared', workspaceRoot: '.' });
  const kinds = found.find(({ root }) => root === 'apps/cli')?.dependencies.filter(({ kind }) => kind === 'dev');
  expect(kinds).toEqual([{ root: 'libs/b', kind: 'dev' }]);
});

test('members as Cargo finds them: globs, exclude, path dependencies; a fixture that nobody lists is no crate', () => {
  const found = crates({
    'Cargo.toml': '[workspace]\nmembers = ["crates/*"]\nexclude = ["crates/old"]',
    'crates/a/Cargo.toml': '[package]\nname = "a"\n[dependencies]\nhidden = { path = "../../extra/hidden" }',
    'crates/old/Cargo.toml': '[package]\nname = "old"',
    'extra/hidden/Cargo.toml': '[package]\nname = "hidden"',
    'crates/a/tests/fixture/Cargo.toml': 'this is [ not TOML',
  });
  expect(found.map(({ root }) => root)).toEqual(['crates/a', 'extra/hidden']);
});

test('a package that is the workspace root, and one that stands alone', () => {
  const root = crates({
    'Cargo.toml': '[package]\nname = "root"\n[workspace]\nmembers = ["inner"]',
    'inner/Cargo.toml': '[package]\nname = "inner"',
  });
  expect(root.map(({ root, workspaceRoot }) => [root, workspaceRoot])).toEqual([
    ['.', '.'],
    ['inner', '.'],
  ]);
  expect(crates({ 'native/Cargo.toml': '[package]\nname = "native"' })).toMatchObject([
    { root: 'native', workspaceRoot: 'native' },
  ]);
});

test('artefacts: binaries found and declared, libraries for others; one behind features is not what a plain build makes', () => {
  const found = crates({
    'Cargo.toml': '[workspace]\nmembers = ["a", "b", "c", "d", "e"]',
    'a/Cargo.toml': '[package]\nname = "a"',
    'a/src/main.rs': '',
    'a/src/bin/other.rs': '',
    'a/src/bin/folder/main.rs': '',
    'b/Cargo.toml':
      '[package]\nname = "b"\n[[bin]]\nname = "tool"\npath = "src/main.rs"\n[[bin]]\nname = "tool-crash"\npath = "src/bin/crash.rs"\nrequired-features = ["failpoints"]',
    'b/src/main.rs': '',
    'b/src/bin/crash.rs': '',
    'c/Cargo.toml':
      '[package]\nname = "c-d"\npublish = false\n[lib]\ncrate-type = ["cdylib", "rlib"]\n[dependencies]\nn = { path = "../a", package = "napi" }\n[package.metadata.nx]\ntest-args = ["--features", "failpoints"]\ntags = ["scope:x"]\ntest-inputs = ["../fixtures/**"]',
    'c/benches/speed.rs': '',
    'd/Cargo.toml': '[package]\nname = "d"\nautobins = false',
    'd/src/main.rs': '',
    'e/Cargo.toml': '[package]\nname = "e"\n[[bin]]\nname = "only"\npath = "only.rs"',
    'e/src/main.rs': '',
  });
  expect(found.map(({ artifacts }) => artifacts.map(({ kind, name }) => `${kind} ${name}`))).toEqual([
    ['bin a', 'bin folder', 'bin other'],
    ['bin tool'],
    ['cdylib c_d'],
    [],
    ['bin only'],
  ]);
  expect(found[2]).toMatchObject({ addon: true, benches: true, publishable: false });
  expect(found[2]?.settings).toMatchObject({
    testArguments: ['--features', 'failpoints'],
    tags: ['scope:x'],
    testInputs: ['fixtures/**'],
  });
  expect(found[0]).toMatchObject({ addon: false, benches: false, publishable: false });
  expect(crates({ 'Cargo.toml': '[package]\nname = "a"\nversion = "1.0.0"' })[0]?.publishable).toBe(true);
});

const SERDE = `version = 4
[[package]]
name = "a"
version = "1.0.0"
dependencies = ["b", "serde 1.0.2", "top"]
[[package]]
name = "b"
version = "1.0.0"
[[package]]
name = "serde"
version = "1.0.2"
source = "registry+https://example.org/index"
checksum = "cafe"
dependencies = ["deep"]
[[package]]
name = "serde"
version = "0.9.0"
source = "registry+https://example.org/index"
checksum = "beef"
[[package]]
name = "deep"
version = "0.1.0"
source = "git+https://example.org/deep?rev=1#abc"
[[package]]
name = "top"
version = "2.0.0"
source = "registry+https://example.org/index"
checksum = "f00d"
dependencies = ["b"]
`;

test('Cargo.lock: the packages a crate names, each with its own dependencies, and local crates that replace external ones', () => {
  const { crates: found, externals } = graph({
    'Cargo.toml':
      '[workspace]\nmembers = ["a", "b"]\n[patch.crates-io]\nb = { path = "b" }\n[workspace.dependencies]\nserde = "1"',
    'Cargo.lock': SERDE,
    'a/Cargo.toml':
      '[package]\nname = "a"\nversion = "1.0.0"\n[dependencies]\nserde.workspace = true\nb = "1"\n[dev-dependencies]\ntop = "2"',
    'b/Cargo.toml': '[package]\nname = "b"\nversion = "1.0.0"',
  });
  expect(found[0]?.externals).toEqual([
    { node: 'cargo:serde@1.0.2', kind: 'build' },
    { node: 'cargo:top@2.0.0', kind: 'dev' },
  ]);
  expect(found[0]?.dependencies).toEqual([{ root: 'b', kind: 'build' }]);
  expect(externals.find(({ node }) => node === 'cargo:serde@1.0.2')).toEqual({
    node: 'cargo:serde@1.0.2',
    name: 'serde',
    version: '1.0.2',
    hash: 'cafe',
    dependencies: ['cargo:deep@0.1.0'],
  });
  expect(externals.find(({ name }) => name === 'deep')?.hash).toBe('git+https://example.org/deep?rev=1#abc');
});

test('without Cargo.lock, a crate with an external dependency says which, and where', () => {
  const files = {
    'Cargo.toml': '[workspace]\nmembers = ["a", "b"]\n[workspace.dependencies]\nserde = "1"',
    'a/Cargo.toml': '[package]\nname = "a"\n[dependencies]\nserde.workspace = true',
    'b/Cargo.toml': '[package]\nname = "b"',
  };
  expect(graph(files).crates.map(({ unlocked }) => unlocked)).toEqual([
    { path: 'a/Cargo.toml', line: 4, package: 'serde' },
    undefined,
  ]);
});

test('two lock files: the same version of a package may depend on other versions in each', () => {
  const lock = (inner: string) =>
    `version = 4\n[[package]]\nname = "NAME"\nversion = "0.1.0"\ndependencies = ["outer"]\n[[package]]\nname = "outer"\nversion = "1.0.0"\nsource = "registry+x"\nchecksum = "1"\ndependencies = ["inner"]\n[[package]]\nname = "inner"\nversion = "${inner}"\nsource = "registry+x"\nchecksum = "2"\n`;
  const { crates: found, externals } = graph({
    'Cargo.toml':
      '[package]\nname = "top"\nversion = "0.1.0"\n[workspace]\nexclude = ["fuzz"]\n[dependencies]\nouter = "1"',
    'Cargo.lock': lock('1.0.0').replace('NAME', 'top'),
    'fuzz/Cargo.toml': '[package]\nname = "fuzz"\nversion = "0.1.0"\n[workspace]\n[dependencies]\nouter = "1"',
    'fuzz/Cargo.lock': lock('2.0.0').replace('NAME', 'fuzz'),
  });
  expect(found.map(({ externals: own }) => own.map(({ node }) => node))).toEqual([
    ['cargo:outer@1.0.0'],
    ['cargo:outer@1.0.0 (fuzz)'],
  ]);
  const below = (node: string) => externals.find((external) => external.node === node)?.dependencies;
  expect(below('cargo:outer@1.0.0')).toEqual(['cargo:inner@1.0.0']);
  expect(below('cargo:outer@1.0.0 (fuzz)')).toEqual(['cargo:inner@2.0.0 (fuzz)']);
});

test('a path that leads out of the Nx workspace, or to what git ignores, is an error', () => {
  const outside = (path: string, files: readonly string[]) => () =>
    readCrates(
      files,
      memoryReader({
        'Cargo.toml': `[package]\nname = "a"\n[dependencies]\nb = { path = "${path}" }`,
        'vendor/b/Cargo.toml': '[package]\nname = "b"',
      }),
    );
  expect(outside('../b', ['Cargo.toml'])).toThrow(/KRP7016[\s\S]*at: Cargo\.toml:4/);
  expect(outside('vendor/b', ['Cargo.toml'])).toThrow(/KRP7016[\s\S]*ignores/);
  expect(outside('vendor/b', ['Cargo.toml', 'vendor/b/Cargo.toml'])).not.toThrow();
});

test('an excluded crate that a member depends on is a project of its own; a member without a folder is an error', () => {
  const found = crates({
    'Cargo.toml': '[workspace]\nmembers = ["a"]\nexclude = ["x"]',
    'a/Cargo.toml': '[package]\nname = "a"\n[dependencies]\nx = { path = "../x" }',
    'x/Cargo.toml': '[package]\nname = "x"',
  });
  expect(found.map(({ root, workspaceRoot }) => [root, workspaceRoot])).toEqual([
    ['a', '.'],
    ['x', 'x'],
  ]);
  const excluded = {
    'Cargo.toml': '[workspace]\nmembers = ["a"]\nexclude = ["fuzz"]',
    'a/Cargo.toml': '[package]\nname = "a"',
    'fuzz/Cargo.toml': '[package]\nname = "fuzz"',
  };
  expect(crates(excluded).map(({ root }) => root)).toEqual(['a']);
  expect(crates({ ...excluded, 'fuzz/Cargo.lock': LOCK }).map(({ root }) => root)).toEqual(['a', 'fuzz']);
  expect(() => crates({ 'Cargo.toml': '[workspace]\nmembers = [\n  "gone",\n]' })).toThrow(
    /KRP7011[\s\S]*at: Cargo\.toml:3/,
  );
});

test('two crates of one name in one Cargo workspace', () => {
  expect(() =>
    crates({
      'Cargo.toml': '[workspace]\nmembers = ["a", "b"]',
      'a/Cargo.toml': '[package]\nname = "x"',
      'b/Cargo.toml': '[package]\nname = "x"',
    }),
  ).toThrow(/KRP7015[\s\S]*b\/Cargo\.toml[\s\S]*a\/Cargo\.toml/);
});

test('a broken Cargo.lock is an error with its line', () => {
  const files = { 'Cargo.toml': '[package]\nname = "a"', 'Cargo.lock': 'version = 4\n[[package]]\nname = = 1\n' };
  expect(() => graph(files)).toThrow(/KRP7010[\s\S]*at: Cargo\.lock:3/);
});

test('a manifest that does not parse is an error with file, line and column', () => {
  const broken = () =>
    crates({
      'Cargo.toml': '[workspace]\nmembers = ["a"]',
      'a/Cargo.toml': '[package]\nname = "a"\nversion = = 1\n',
    });
  expect(broken).toThrow(/KRP7010[\s\S]*at: a\/Cargo\.toml:3:\d+[\s\S]*hint:/);
});

test('a broken root manifest is an error too', () => {
  expect(() =>
    crates({ 'Cargo.toml': '[workspace\nmembers = ["a"]', 'a/Cargo.toml': '[package]\nname = "a"' }),
  ).toThrow(/KRP7010[\s\S]*at: Cargo\.toml:1/);
});

test('a path that leads nowhere is an error with the line of the dependency', () => {
  const lost = () =>
    crates({
      'Cargo.toml': '[workspace]\nmembers = ["a"]\n[workspace.dependencies]\ngone = { path = "libs/gone" }',
      'a/Cargo.toml': '[package]\nname = "a"\n[dependencies]\ngone.workspace = true',
    });
  expect(lost).toThrow(/KRP7011[\s\S]*at: Cargo\.toml:4[\s\S]*libs\/gone/);
});
