/** `npm run lint`: rustfmt, clippy, Biome, types. Every finding is an error. */
import { onWorkspaceNode, run } from './setup.mjs';

onWorkspaceNode();
run('cargo', ['fmt', '--all', '--check']);
run('cargo', ['clippy', '--workspace', '--all-targets', '--quiet', '--', '-D', 'warnings']);
run('biome', ['check', '--error-on-warnings', '.']);
run('nx', ['run-many', '-t', 'typecheck', '--outputStyle=static']);
console.log('Lint: no findings.');
