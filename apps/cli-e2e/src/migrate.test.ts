/** `nx g @krepis/nx:migrate-from-monodon` on what the generators of @monodon/rust 3.0.0 write: works after, and is taken back. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { krepisOk, ok, repository } from './krepis.ts';
import { commit, copyOf, packedPlugin, read, status, typed, typedOk } from './nx.ts';
import { removeTemporary, snapshot, temporary, write } from './workspace.ts';

jest.setTimeout(600_000);

const GENERATED = JSON.parse(
  readFileSync(join(repository, 'tools/nx/src/generators/migrate-from-monodon/monodon-3.0.0.json'), 'utf8'),
) as Record<string, string>;
const ENV = { CARGO_NET_OFFLINE: 'true' };
let template: string;

beforeAll(() => {
  // That was this repository's; in the workspaces artefacts lie where users have them.
  delete process.env.CARGO_TARGET_DIR;
  const tarball = packedPlugin();
  template = join(temporary(), 'template');
  write(template, { ...GENERATED, '.npmrc': '@krepis:registry=http://127.0.0.1:9/\n' });
  ok('npm', ['install', '--save-dev', '--prefer-offline', '--no-audit', '--no-fund', `file:${tarball}`], template);
  // What monodon writes names crates of the registry; none is compiled here, but Cargo wants to know them.
  ok('cargo', ['generate-lockfile'], template);
  typedOk(template, 'nx g @krepis/nx:init --inferTasks=false --skipInstall', ENV);
  commit(template);
});
afterAll(removeTemporary);

const MIGRATE = 'nx g @krepis/nx:migrate-from-monodon --skipInstall';

test('after it nothing names the old plugin, the graph stands and the tasks run, configurations too', () => {
  const root = copyOf(template);
  const said = typedOk(root, `${MIGRATE} --keepConfigurations`, ENV).stdout;
  expect(said).toContain('`run` is a command of its own now');
  expect(typed(root, 'git grep -l @monodon -- :!package-lock.json')).toMatchObject({ code: 1, stdout: '' });
  expect(read(root, 'nx.json')).toContain('"@krepis/nx"');
  expect(JSON.parse(typedOk(root, 'nx show projects --json', ENV).stdout).sort()).toEqual([
    'apps_tool',
    'libs_ast',
    'libs_native',
    'libs_wasm',
  ]);
  typedOk(root, 'nx run-many -t build test lint -p apps_tool libs_ast --outputStyle=static', ENV);
  // .cargo/config.toml of monodon's init: dist/target.
  expect(ok(join(root, 'dist/target/debug/apps_tool'), [], root).stdout).toBe('Hello, world!\n');
  typedOk(root, 'nx run apps_tool:build:production --outputStyle=static', ENV);
  expect(existsSync(join(root, 'dist/target/release/apps_tool'))).toBe(true);
  expect(typedOk(root, 'nx run apps_tool:run', ENV).stdout).toContain('Hello, world!');

  // The release artefact, exactly, comes back from the cache.
  ok('rm', ['-rf', 'dist'], root);
  expect(typedOk(root, 'nx run apps_tool:build:production --outputStyle=static', ENV).stdout).toMatch(/cache/);
  expect(existsSync(join(root, 'dist/target/release/apps_tool'))).toBe(true);
  expect(existsSync(join(root, 'dist/target/debug'))).toBe(false);
});

test('one undo gives every byte back, deleted files too; a dry run leaves nothing; a second run changes nothing', () => {
  const root = copyOf(template);
  const before = snapshot(root);
  const shown = typedOk(root, `${MIGRATE} --keepConfigurations=false --dry-run`, ENV).stdout;
  expect(shown).toContain('DELETE libs/ast/project.json');
  expect(snapshot(root)).toEqual(before);
  expect(status(root)).toBe('');

  typedOk(root, `${MIGRATE} --keepConfigurations=false`, ENV);
  const after = snapshot(root);
  expect(after).not.toHaveProperty(['libs/ast/project.json']);
  expect(read(root, 'apps/tool/project.json')).not.toContain('build');
  expect(typedOk(root, `${MIGRATE} --keepConfigurations=false`, ENV).stdout).toContain('nothing to migrate');
  expect(snapshot(root)).toEqual(after);

  krepisOk(['undo'], { cwd: root });
  expect(snapshot(root)).toEqual(before);
  expect(status(root)).toBe('');
  krepisOk(['redo'], { cwd: root });
  expect(snapshot(root)).toEqual(after);
});
