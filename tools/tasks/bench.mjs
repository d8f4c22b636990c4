/**
 * `npm run bench [-- AREA… [--write]]`: builds, packs, and measures beside peers (tools/bench).
 *
 * The first run installs the peers below node_modules/.cache/krepis-bench; `npm test` never does.
 */
import { join } from 'node:path';
import { onWorkspaceNode, root, run } from './setup.mjs';

onWorkspaceNode();

const tarballs = join(root, 'dist', 'bench', 'packages');
run('node', ['tools/tasks/build.mjs', 'packages', 'runner', 'cli']);
run('node', ['tools/tasks/pack.mjs', tarballs, '--no-build'], { stdio: ['ignore', 'ignore', 'inherit'] });
run('node', ['tools/bench/src/main.ts', ...process.argv.slice(2), '--tarballs', tarballs]);
