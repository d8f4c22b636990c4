/**
 * `npm run pack -- DIR [--publishable]`: writes the npm packages as tarballs into DIR and prints their paths.
 *
 * Without `--publishable` they install without a registry for the @krepis scope: what they need of each other are
 * `file:` paths into DIR. With it they name each other by version, as they would be published. `--kept`, in place of DIR,
 * takes a folder under node_modules/.cache, in which they still lie the next time.
 */
import { parseArgs } from 'node:util';
import { pack, packedPackages } from './lib/pack.mjs';
import { fail, onWorkspaceNode, run } from './setup.mjs';

// Kept for the same task on the other Node, which starts in the root.
process.env.INIT_CWD ??= process.cwd();
const caller = process.env.INIT_CWD;
onWorkspaceNode();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    publishable: { type: 'boolean', default: false },
    kept: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
});
if (positionals.length > 1 || (values.kept && (values.publishable || positionals.length > 0)))
  fail('usage: npm run pack -- (DIR [--publishable] | --kept)', 2);
if (!values['no-build']) run('node', ['tools/tasks/build.mjs', 'packages', 'runner', 'cli']);
const { resolve } = await import('node:path');
const files = values.kept
  ? packedPackages().files
  : pack(resolve(caller, positionals[0] ?? 'dist/packages'), { publishable: values.publishable });
for (const file of files) console.log(file);
