import { posix } from 'node:path';
import type { Tree } from '@nx/devkit';
import picomatch from 'picomatch';
import { isScalar, isSeq, parseDocument } from 'yaml';
import { errors, KrepisError } from '../errors.ts';
import { readJsonText, setJson } from './json.ts';

/**
 * Makes a folder a package of the npm, yarn, bun or pnpm workspace; nothing changes where a pattern covers it.
 *
 * A workspace without a list of packages gets one in package.json.
 *
 * @param folder relative to the Nx root, with `/`
 * @throws KrepisError KRP7051 for a file that cannot be read
 */
export function addPackage(tree: Tree, folder: string): void {
  const pnpm = tree.read(PNPM, 'utf8');
  if (pnpm !== null) {
    addToPnpm(tree, pnpm, folder);
    return;
  }
  const text = tree.read('package.json', 'utf8');
  if (text === null) return;
  const { workspaces } = readJsonText<{ workspaces?: readonly string[] | { packages?: readonly string[] } }>(
    'package.json',
    text,
  );
  const nested = workspaces !== undefined && !Array.isArray(workspaces);
  const patterns =
    (nested
      ? (workspaces as { packages?: readonly string[] }).packages
      : (workspaces as readonly string[] | undefined)) ?? [];
  if (covers(patterns, folder)) return;
  const key = nested ? ['workspaces', 'packages'] : ['workspaces'];
  tree.write('package.json', setJson(text, [...key, patterns.length], folder));
}

const PNPM = 'pnpm-workspace.yaml';

function addToPnpm(tree: Tree, text: string, folder: string): void {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem) {
    const at = { path: PNPM, line: problem.linePos?.[0].line, column: problem.linePos?.[0].col };
    throw new KrepisError({ ...errors.BROKEN_CONFIGURATION, at, reason: problem.message.split('\n')[0] });
  }
  const packages = document.get('packages');
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  if (!isSeq(packages)) {
    const separator = text === '' || text.endsWith('\n') ? '' : eol;
    tree.write(PNPM, `${text}${separator}packages:${eol}  - ${quoted(folder)}${eol}`);
    return;
  }
  const patterns = packages.items.flatMap((item) =>
    isScalar(item) && typeof item.value === 'string' ? [item.value] : [],
  );
  if (covers(patterns, folder)) return;
  const last = packages.items.at(-1);
  const range = isScalar(last) ? last.range : undefined;
  if (packages.flow || !range) {
    // On one line, or empty: `yaml` writes the list anew, and keeps what is around it.
    packages.add(folder);
    tree.write(PNPM, document.toString());
    return;
  }
  const dash = text.lastIndexOf('-', range[0]);
  const indent = text.slice(text.lastIndexOf('\n', dash) + 1, dash);
  const end = text.indexOf('\n', range[1]);
  const place = end < 0 ? text.length : end + 1;
  const line = `${end < 0 ? eol : ''}${indent}- ${quoted(folder)}${eol}`;
  tree.write(PNPM, text.slice(0, place) + line + text.slice(place));
}

/** YAML takes a plain name as it is. */
function quoted(folder: string): string {
  return /^[A-Za-z][\w./-]*$/.test(folder) ? folder : JSON.stringify(folder);
}

function covers(patterns: readonly string[], folder: string): boolean {
  const clean = (pattern: string) => posix.normalize(pattern).replace(/\/$/, '');
  return patterns.some((pattern) => !pattern.startsWith('!') && picomatch.isMatch(folder, clean(pattern)));
}
