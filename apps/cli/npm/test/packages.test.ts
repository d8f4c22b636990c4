/** How package.json files read once they are packed (tools/tasks/lib/packages.mjs). */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const source = join(__dirname, '..', '..', '..', '..', 'tools', 'tasks', 'lib', 'packages.mjs');

/** Evaluates an expression over the module in a process of its own: it is ESM, which Jest does not load. */
function evaluate(expression: string) {
  const program = `import * as packages from ${JSON.stringify(source)}; console.log(JSON.stringify(${expression}));`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
}

const value = (expression: string) => {
  const run = evaluate(expression);
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
};

const MANIFEST = JSON.stringify({
  name: '@krepis/x',
  version: '0.1.0',
  private: true,
  scripts: { build: 'x' },
  nx: {},
  exports: { '.': { '@krepis/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' } },
  dependencies: { '@krepis/cli': 'workspace:*', fastify: '5.0.0' },
  devDependencies: { '@krepis/nx': 'workspace:*' },
  peerDependencies: { nx: '>=22' },
});

test('packages of ours by what is asked for, no development parts, no way to the sources', () => {
  expect(
    value(`packages.publishedManifest(${MANIFEST}, (name) => name === '@krepis/cli' ? '0.1.0' : undefined)`),
  ).toEqual({
    name: '@krepis/x',
    version: '0.1.0',
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    dependencies: { '@krepis/cli': '0.1.0', fastify: '5.0.0' },
    peerDependencies: { nx: '>=22' },
  });
});

test('optional packages are added, and specified like the others', () => {
  const optional = "{ '@krepis/cli-linux-x64-gnu': '0.1.0' }";
  const specify = "(name) => (name.startsWith('@krepis/') ? 'file:/p/' + name : undefined)";
  expect(value(`packages.publishedManifest(${MANIFEST}, ${specify}, ${optional})`).optionalDependencies).toEqual({
    '@krepis/cli-linux-x64-gnu': 'file:/p/@krepis/cli-linux-x64-gnu',
  });
});

test('a dependency on a package that is not published is an error, not a broken package', () => {
  const run = evaluate(`packages.publishedManifest(${MANIFEST}, () => undefined)`);
  expect(run.status).toBe(1);
  expect(run.stderr).toContain('@krepis/x needs @krepis/cli, which is not published');
});

test('tarballs are named as npm names them', () => {
  expect(
    value("['@krepis/cli', '@krepis/package.json'].map((name) => packages.tarballName({ name, version: '0.1.0' }))"),
  ).toEqual(['krepis-cli-0.1.0.tgz', 'krepis-package.json-0.1.0.tgz']);
});

test('every published package says what it ships, under the licence of the repository', () => {
  const manifests = value('packages.PUBLISHED.map(packages.manifestOf)') as {
    name: string;
    files?: string[];
    license?: string;
  }[];
  expect(manifests.map(({ name }) => name)).toContain('@krepis/nx');
  for (const { files, license } of manifests) {
    expect(files).toEqual(expect.arrayContaining([expect.any(String)]));
    expect(license).toBe('Apache-2.0');
  }
});

test('the package of this platform installs on this platform only', () => {
  expect(value("packages.platformPackage('0.1.0')")).toMatchObject({
    name: expect.stringMatching(`^@krepis/cli-${process.platform}-${process.arch}`),
    os: [process.platform],
    cpu: [process.arch],
  });
});
