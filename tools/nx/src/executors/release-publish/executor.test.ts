/** The command lines; uploads to a registry are in apps/cli-e2e. */
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import { folder, removeFolders } from '../../testing/workspace.ts';
import releasePublish, { publishArguments, type ReleasePublishOptions } from './executor.ts';

afterEach(() => {
  jest.restoreAllMocks();
  removeFolders();
});

test('cargo is told the crate, the registry, and that changes are fine only if that was said', () => {
  expect(publishArguments(['a'], {}, false)).toEqual(['publish', '-p', 'a']);
  expect(publishArguments(['a'], { cargoRegistry: 'ours', allowDirty: true }, false)).toEqual([
    ...['publish', '-p', 'a', '--registry', 'ours', '--allow-dirty'],
  ]);
  expect(publishArguments(['b', 'a'], {}, true)).toEqual([
    ...['publish', '-p', 'b', '-p', 'a', '--dry-run', '--allow-dirty'],
  ]);
});

const WORKSPACE = {
  'Cargo.toml': '[workspace]\nmembers = ["crates/*"]\n[workspace.package]\nversion = "1.0.0"\n',
  'crates/a/Cargo.toml':
    '[package]\nname = "a"\nversion.workspace = true\n[dependencies]\nb = { path = "../b", version = "1.0.0" }\n[dev-dependencies]\nhidden = { path = "../hidden" }\n',
  'crates/b/Cargo.toml': '[package]\nname = "b"\nversion.workspace = true\n',
  'crates/hidden/Cargo.toml': '[package]\nname = "hidden"\nversion.workspace = true\npublish = false\n',
  // A cargo that notes its command line, and says what the test wants.
  'bin/cargo': '#!/bin/sh\necho "$@" > "$LOG"\necho "$SAYS" >&2\nexit "$CODE"\n',
};

async function publish(options: ReleasePublishOptions, env: Record<string, string> = {}) {
  const root = folder(WORKSPACE);
  chmodSync(join(root, 'bin/cargo'), 0o755);
  const log = join(root, 'log');
  let said = '';
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      said += text;
      return true;
    });
  }
  jest.spyOn(console, 'error').mockImplementation((text) => {
    said += text;
  });
  const PATH = `${join(root, 'bin')}:/bin:/usr/bin`;
  jest.replaceProperty(process, 'env', { ...process.env, LOG: log, SAYS: '', CODE: '0', PATH, ...env });
  const context = {
    root,
    projectName: 'a',
    projectsConfigurations: { version: 2, projects: { a: { root: 'crates/a' } } },
  } as unknown as ExecutorContext;
  const { success } = await releasePublish(options, context);
  return { success, said, line: existsSync(log) ? readFileSync(log, 'utf8').trim() : undefined };
}

test('a release sends the crate alone', async () => {
  expect(await publish({})).toMatchObject({ success: true, line: 'publish -p a' });
});

test.each<[string, ReleasePublishOptions, Record<string, string>]>([
  ['the option', { dryRun: true }, {}],
  ['the environment', {}, { NX_DRY_RUN: 'true' }],
])('a dry run, by %s, packages along what no registry has yet', async (_, options, env) => {
  expect(await publish(options, env)).toMatchObject({ line: 'publish -p b -p a --dry-run --allow-dirty' });
});

test('a version that is published counts as done, any other failure does not', async () => {
  const there = { CODE: '101', SAYS: 'error: crate a@1.0.0 already exists on crates.io index' };
  expect(await publish({}, there)).toMatchObject({ success: true, said: expect.stringContaining('Skipped a') });
  expect(await publish({}, { CODE: '101', SAYS: 'error: no token found' })).toMatchObject({ success: false });
});

test('a project without a new version is left out', async () => {
  const found = await publish({ nxReleaseVersionData: { a: { newVersion: null } } });
  expect(found).toMatchObject({ success: true, line: undefined });
});

test('without cargo the task fails and says so', async () => {
  const found = await publish({}, { PATH: folder() });
  expect(found).toMatchObject({ success: false, said: expect.stringMatching(/KRP7021[\s\S]*crates\/a\/Cargo.toml/) });
});
