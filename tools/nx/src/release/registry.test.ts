/** The current version from registries: real npm and cargo, against a server on loopback. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Tree } from '@nx/devkit';
import { folder, removeFolders, treeOver } from '../testing/workspace.ts';
import KrepisVersionActions from './version-actions.ts';

const PACKAGE = {
  name: '@x/a',
  'dist-tags': { latest: '1.4.0', next: '2.0.0-rc.1' },
  versions: { '1.4.0': { name: '@x/a', version: '1.4.0' }, '2.0.0-rc.1': { name: '@x/a', version: '2.0.0-rc.1' } },
};

let server: Server;
let origin: string;
const environment = { ...process.env };

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = request.url ?? '';
    const answer = url.startsWith('/index/config.json')
      ? { dl: `${origin}/dl`, api: origin }
      : url.startsWith('/api/v1/crates?q=a&')
        ? { crates: [{ name: 'a', max_version: '0.9.0', description: 'x' }], meta: { total: 1 } }
        : url.startsWith('/api/v1/crates?')
          ? { crates: [], meta: { total: 0 } }
          : /^\/@x(?:%2f|\/)a$/i.test(url)
            ? PACKAGE
            : undefined;
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { error: 'not found' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.CARGO_REGISTRIES_LOOP_INDEX = `sparse+${origin}/index/`;
  process.env.CARGO_HOME = folder();
  process.env.npm_config_cache = folder();
  process.env.npm_config_fetch_retries = '0';
});

afterAll(async () => {
  process.env = environment;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  removeFolders();
});

const files = {
  'Cargo.toml': '[workspace]\nmembers = ["a", "b"]\n[workspace.package]\nversion = "0.1.0"\n',
  'a/Cargo.toml': '[package]\nname = "a"\nversion.workspace = true\n',
  'b/Cargo.toml': '[package]\nname = "b"\nversion.workspace = true\n',
  'p/package.json': '{ "name": "@x/a", "version": "0.1.0" }',
  'q/package.json': '{ "name": "@x/q", "version": "0.1.0" }',
  'proto/buf.yaml': 'version: v2\n',
};

function read(tree: Tree, root: string, metadata: Record<string, string>) {
  const group = { name: 'all', projectsRelationship: 'fixed', projects: [root] };
  const node = { name: root, type: 'lib', data: { root } };
  const actions = Reflect.construct(KrepisVersionActions, [group, node, {}]) as KrepisVersionActions;
  return actions.readCurrentVersionFromRegistry(tree, metadata);
}

test.each([
  ['a crate', 'a', { registry: 'loop' }, '0.9.0'],
  ['a crate that is not published', 'b', { registry: 'loop' }, null],
  ['a package', 'p', {}, '1.4.0'],
  ['a package under a tag', 'p', { tag: 'next' }, '2.0.0-rc.1'],
  ['a package that is not published', 'q', {}, null],
])('%s', async (_, root, metadata, version) => {
  const tree = treeOver(folder(files));
  const found = await read(tree, root, root === 'p' || root === 'q' ? { registry: origin, ...metadata } : metadata);
  expect(found?.currentVersion).toBe(version);
  expect(found?.logText).toContain(root === 'p' || root === 'q' ? origin : 'loop');
});

test('a project without manifests has no registry', async () => {
  expect(await read(treeOver(folder(files)), 'proto', {})).toBeNull();
});
