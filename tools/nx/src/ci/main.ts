#!/usr/bin/env node
/** The bin `krepis-nx-shard`. */
import { KrepisError } from '../errors.ts';
import { shard, workspaceNx } from './shard.ts';

const cwd = process.cwd();
shard(process.argv.slice(2), {
  cwd,
  out: (text) => process.stdout.write(text),
  log: (text) => process.stderr.write(`${text}\n`),
  nx: (args, echo) => workspaceNx(cwd)(args, echo),
}).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    process.stderr.write(`${error instanceof KrepisError ? error.message : error.stack}\n`);
    process.exitCode = error instanceof KrepisError && error.parts.code === 'KRP7054' ? 2 : 1;
  },
);
