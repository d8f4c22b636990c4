/** The rule of sync-crates against Cargo itself: what Cargo refuses is mended, what it takes is left as it is. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { flush, folder, removeFolders, treeOver } from '../../testing/workspace.ts';
import { syncCrates } from './generator.ts';

jest.setTimeout(60_000);
afterEach(removeFolders);

const crate = (name: string, more = '') => `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${more}`;

/** Manifests of one repository; `in sync` says that the generator is to change nothing. */
const LAYOUTS: readonly (readonly [string, Record<string, string>, 'in sync'?])[] = [
  [
    'a list',
    { 'Cargo.toml': '[workspace]\nmembers = ["a"]\n', 'a/Cargo.toml': crate('a'), 'b/Cargo.toml': crate('b') },
  ],
  ['no list', { 'Cargo.toml': '[workspace]\n', 'x/y/a/Cargo.toml': crate('a') }],
  ['a root package', { 'Cargo.toml': crate('root', '[workspace]\n'), 'a/Cargo.toml': crate('a') }],
  ['`*`', { 'Cargo.toml': '[workspace]\nmembers = ["libs/*"]\n', 'libs/a/Cargo.toml': crate('a') }, 'in sync'],
  [
    '`*` is one level',
    { 'Cargo.toml': '[workspace]\nmembers = ["l*"]\n', 'la/Cargo.toml': crate('a'), 'la/b/Cargo.toml': crate('b') },
  ],
  [
    '`?` and `[…]`',
    {
      'Cargo.toml': '[workspace]\nmembers = ["?1", "[xy]2"]\n',
      'a1/Cargo.toml': crate('a'),
      'x2/Cargo.toml': crate('x'),
    },
    'in sync',
  ],
  [
    'braces are no pattern',
    {
      'Cargo.toml': '[workspace]\nmembers = ["c"]\nexclude = ["{a,b}"]\n',
      'a/Cargo.toml': crate('a'),
      'c/Cargo.toml': crate('c'),
    },
  ],
  [
    'an exclusion',
    { 'Cargo.toml': '[workspace]\nmembers = []\nexclude = ["old"]\n', 'old/a/Cargo.toml': crate('a') },
    'in sync',
  ],
  [
    'an exclusion is a folder, not a prefix',
    { 'Cargo.toml': '[workspace]\nmembers = []\nexclude = ["old"]\n', 'older/Cargo.toml': crate('older') },
  ],
  [
    'a member below an exclusion',
    {
      'Cargo.toml': '[workspace]\nmembers = ["old/a"]\nexclude = ["old"]\n',
      'old/a/Cargo.toml': crate('a'),
      'old/b/Cargo.toml': crate('b'),
    },
    'in sync',
  ],
  [
    'path dependencies of members: normal, inherited, of a target',
    {
      'Cargo.toml': '[workspace]\nmembers = ["a"]\n[workspace.dependencies]\nc = { path = "c" }\n',
      'a/Cargo.toml': crate(
        'a',
        '[dependencies]\nb = { path = "../b" }\nc.workspace = true\n[target."cfg(unix)".build-dependencies]\nd = { path = "../d" }\n',
      ),
      'b/Cargo.toml': crate('b'),
      'c/Cargo.toml': crate('c'),
      'd/Cargo.toml': crate('d'),
    },
    'in sync',
  ],
  [
    'a workspace inside an excluded folder of another',
    {
      'Cargo.toml': '[workspace]\nmembers = ["a"]\nexclude = ["native"]\n',
      'a/Cargo.toml': crate('a'),
      'native/Cargo.toml': '[workspace]\nmembers = ["b"]\n',
      'native/b/Cargo.toml': crate('b'),
      'native/c/Cargo.toml': crate('c'),
    },
  ],
  [
    'a pointer to a workspace that is not above',
    {
      'one/Cargo.toml': '[workspace]\nmembers = ["a"]\n',
      'one/a/Cargo.toml': crate('a'),
      'two/Cargo.toml': crate('two').replace('edition', 'workspace = "../one"\nedition'),
    },
  ],
  ['a crate on its own', { 'a/Cargo.toml': crate('a') }, 'in sync'],
  [
    'a member that is gone',
    { 'Cargo.toml': '[workspace]\nmembers = ["a", "gone"]\ndefault-members = ["gone"]\n', 'a/Cargo.toml': crate('a') },
  ],
];

test.each(LAYOUTS.map(([name, files, state]) => ({ name, files, inSync: state === 'in sync' })))(
  '$name',
  ({ files, inSync }) => {
    const manifests = Object.keys(files);
    const sources = manifests.map((path) => [join(dirname(path), 'src/lib.rs'), ''] as const);
    const root = folder({ ...files, ...Object.fromEntries(sources) });
    const refused = () => manifests.flatMap((path) => cargoSays(join(root, path)) ?? []);
    expect(refused().length === 0).toBe(inSync);
    const tree = treeOver(root);
    const result = syncCrates(tree, manifests, {});
    expect(result === undefined).toBe(inSync);
    flush(tree);
    expect(refused()).toEqual([]);
  },
);

/** Cargo's complaint about a manifest, if it has one. */
function cargoSays(manifest: string): string | undefined {
  const metadata = ['metadata', '--no-deps', '--offline', '--format-version', '1', '--manifest-path', manifest];
  const { error, status, stderr } = spawnSync('cargo', metadata, { encoding: 'utf8' });
  if (error) throw error;
  return status === 0 ? undefined : stderr;
}
