import { readCrates } from './cargo.ts';
import { memoryReader } from './reader.ts';

function crates(files: Record<string, string>) {
  return readCrates(
    Object.keys(files).filter((path) => path.endsWith('Cargo.toml')),
    memoryReader(files),
  );
}

const edge = (found: ReturnType<typeof crates>, root: string) =>
  found.find((crate) => crate.root === root)?.dependencies;

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

test('binaries: src/main.rs, or those declared; one behind features is not what a plain build makes', () => {
  const found = crates({
    'Cargo.toml': '[workspace]\nmembers = ["a", "b", "c"]',
    'a/Cargo.toml': '[package]\nname = "a"',
    'a/src/main.rs': '',
    'b/Cargo.toml':
      '[package]\nname = "b"\n[[bin]]\nname = "tool"\n[[bin]]\nname = "tool-crash"\nrequired-features = ["failpoints"]',
    'c/Cargo.toml': '[package]\nname = "c"\n[package.metadata.nx]\ntest-args = ["--features", "failpoints"]',
    'c/src/lib.rs': '',
  });
  expect(found.map(({ binaries }) => binaries)).toEqual([['a'], ['tool'], []]);
  expect(found[2]?.testArguments).toEqual(['--features', 'failpoints']);
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
