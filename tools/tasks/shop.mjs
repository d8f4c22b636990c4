/**
 * `npm run shop -- DIR`: writes a standalone git copy of examples/shop into DIR, which must not exist or be empty.
 *
 * Its @krepis packages are the tarballs of this build, installed; everything is committed once. The installed copy is
 * kept under node_modules/.cache by the digest of all that went into it, so that the next one is a copy of files.
 */
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { copyTemplate, shopTemplate } from './lib/shop.mjs';
import { fail, onWorkspaceNode, run } from './setup.mjs';

// Kept for the same task on the other Node, which starts in the root.
process.env.INIT_CWD ??= process.cwd();
const caller = process.env.INIT_CWD;
onWorkspaceNode();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'no-build': { type: 'boolean', default: false } },
});
if (positionals.length !== 1) fail('usage: npm run shop -- DIR', 2);
const directory = resolve(caller, positionals[0]);
if (existsSync(directory) && readdirSync(directory).length > 0) fail(`${directory} is not empty; name a new folder`, 2);
if (!values['no-build']) run('node', ['tools/tasks/build.mjs', 'packages', 'runner', 'cli']);
copyTemplate(shopTemplate(), directory);
console.log(directory);
