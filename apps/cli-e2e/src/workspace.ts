/** Workspaces for tests: small ones written from a table, and copies of examples/shop. */
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { node, ok, repository } from './krepis.ts';

const made: string[] = [];

/** A fresh temporary folder, removed by `removeTemporary`. */
export function temporary(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'krepis-e2e-')));
  made.push(folder);
  return folder;
}

/** Call in afterAll. */
export function removeTemporary(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Writes files; the workspace has a one-element krepis.json unless the table brings its own. */
export function workspace(files: Record<string, string>): string {
  const root = temporary();
  write(root, {
    'package.json': '{ "name": "sample", "type": "module", "dependencies": { "@krepis/core": "0.1.0" } }\n',
    'krepis.json': `${JSON.stringify({ schema: 1, runtime: 'standard', root: 'src', elements: [{ name: 'app', files: ['src/**'] }], rules: [] }, null, 2)}\n`,
    ...files,
  });
  return root;
}

/** Writes files below a folder. */
export function write(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A standalone, installed git copy of examples/shop. */
export function shop(): string {
  const folder = join(temporary(), 'shop');
  ok(node, ['tools/tasks/shop.mjs', '--no-build', folder], repository);
  return folder;
}

/**
 * Path -> kind, mode and content digest of everything below a folder, without node_modules, .git, .nx and what krepis
 * keeps in .krepis. Two equal snapshots: every byte is the same.
 */
export function snapshot(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (folder: string, prefix: string) => {
    for (const entry of readdirSync(folder).sort()) {
      if (['node_modules', '.git', '.krepis', '.nx'].includes(entry)) continue;
      const path = join(folder, entry);
      const name = prefix + entry;
      const stat = lstatSync(path);
      if (stat.isDirectory()) {
        found[`${name}/`] = 'directory';
        walk(path, `${name}/`);
      } else if (stat.isSymbolicLink()) {
        found[name] = `-> ${readlinkSync(path)}`;
      } else {
        const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
        found[name] = `${(stat.mode & 0o777).toString(8)} ${digest}`;
      }
    }
  };
  walk(root, '');
  return found;
}

/** Names and digests of what `.krepis/history` holds; empty if there is none. */
export function historyFiles(root: string): Record<string, string> {
  const folder = join(root, '.krepis', 'history', 'ops');
  try {
    return Object.fromEntries(
      readdirSync(folder)
        .sort()
        .map((name) => [
          name,
          createHash('sha256')
            .update(readFileSync(join(folder, name)))
            .digest('hex'),
        ]),
    );
  } catch {
    return {};
  }
}

/** sha256 hex of a text or of bytes. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
