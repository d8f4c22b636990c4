/**
 * `npm test`: sets everything up, builds, runs every test of every project, and adds the results up.
 *
 * Ends with a plain line `N passed, N failed`. Each project's test task writes dist/test-results/<project>.json; a
 * project with a test task and no such file counts as one failure, so that nothing is lost silently.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { testCrates } from './lib/crates.mjs';
import { fail, onWorkspaceNode, root, run } from './setup.mjs';

onWorkspaceNode();

const results = join(root, 'dist', 'test-results');
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

run('node', ['tools/tasks/build.mjs']);
// The S3 server of the remote cache's tests. Without Python they are left out here, and fail in CI.
spawnSync('bash', ['.ci/s3-server'], { stdio: ['ignore', 'ignore', 'inherit'], cwd: root });
const projects = JSON.parse(
  run('nx', ['show', 'projects', '--withTarget', 'test', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  }).stdout,
);
// In CI nothing is cached, so that Nx's runs of single crates have no advantage over one of all.
const crates = process.env.CI ? await testCrates(results) : [];
// Two at once fill the gaps that one leaves; those of crates run alone, since Cargo locks its folder and uses all cores.
const excluded = crates.length > 0 ? [`--exclude=${crates.join(',')}`] : [];
const tests = spawnSync('nx', ['run-many', '-t', 'test', '--outputStyle=static', '--parallel=2', ...excluded], {
  stdio: 'inherit',
  cwd: root,
});

let [passed, failed, skipped] = [0, 0, 0];
const found = new Set();
for (const name of readdirSync(results).filter((file) => file.endsWith('.json'))) {
  const result = JSON.parse(readFileSync(join(results, name), 'utf8'));
  found.add(result.project);
  passed += result.passed;
  failed += result.failed;
  skipped += result.skipped ?? 0;
  console.log(`${result.project}: ${result.passed} passed, ${result.failed} failed`);
}
for (const project of projects.filter((project) => !found.has(project))) {
  console.log(`${project}: no result`);
  failed += 1;
}
if (tests.status !== 0 && failed === 0) failed = 1;
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (failed > 0 || !existsSync(results)) fail('npm test: failed.');
