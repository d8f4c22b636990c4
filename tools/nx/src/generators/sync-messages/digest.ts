import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import type { Tree } from '@nx/devkit';
import { type CargoManifest, pathDependencies, workspaceRootOf } from '../../cargo/members.ts';
import { parseToml, readText, table } from '../../manifests.ts';
import type { Programs } from './programs.ts';
import type { Template } from './template.ts';

/** Finds files of the workspace by patterns, as Nx's `globAsync` does. */
export type Glob = (patterns: readonly string[]) => Promise<string[]>;

/** Everything buf reads as configuration or message, wherever it lies: a module may import from any other. */
const MESSAGES = ['**/*.proto', '**/buf.yaml', '**/buf.work.yaml', '**/buf.lock'];

/** What pins the plugins. */
const LOCK_FILES =
  '**/{Cargo.lock,rust-toolchain,rust-toolchain.toml,pnpm-lock.yaml,package-lock.json,yarn.lock,bun.lock,go.sum}';

/** The files that decide what `buf generate` writes for a template, its plugins' sources included. */
export async function inputsOf(tree: Tree, template: Template, more: readonly string[], glob: Glob): Promise<string[]> {
  const crates = template.commands.some(([program]) => program === 'cargo') ? await glob(['**/Cargo.toml']) : [];
  const named = template.commands.flatMap((command) => command.flatMap((part) => fileOf(tree, template.folder, part)));
  const sources = template.commands.flatMap((command) => sourcesOf(tree, command, template.folder, crates));
  const found = await glob([...MESSAGES, LOCK_FILES, ...sources.map((root) => posix.join(root, '**/*')), ...more]);
  return [...new Set([template.path, ...named, ...found])].sort();
}

/**
 * Digest of a template's inputs and outputs: while it stays the same, what was found in sync is in sync.
 *
 * @returns sha256, hex
 */
export function digestOf(tree: Tree, template: Template, inputs: readonly string[], programs: Programs): string {
  const hash = createHash('sha256');
  const add = (name: string, content: string | Buffer) => {
    hash.update(`${name}\0${content.length}\0`).update(content);
  };
  add('format', '1');
  for (const path of inputs) add(`input ${path}`, tree.read(path) ?? '');
  for (const path of filesOf(tree, template.outputs)) add(`output ${path}`, tree.read(path) ?? '');
  // Programs from outside the workspace: another one of that name, or a newer one, is another input.
  for (const name of ['buf', ...template.commands.flatMap(([program]) => program ?? [])]) {
    add(`program ${name}`, identity(programs.find(name)));
  }
  return hash.digest('hex');
}

/** All files below these folders (or the files themselves), sorted. */
export function filesOf(tree: Tree, paths: readonly string[]): string[] {
  const found = new Set<string>();
  const walk = (path: string) => {
    if (tree.isFile(path)) found.add(path);
    else if (tree.exists(path)) for (const child of tree.children(path)) walk(posix.join(path, child));
  };
  for (const path of paths) walk(path);
  return [...found].sort();
}

/** A part of a plugin's command that is a file of the workspace: a script, a binary that is kept. */
function fileOf(tree: Tree, folder: string, part: string): string[] {
  const path = posix.join(folder, part);
  return !part.startsWith('-') && !path.startsWith('../') && tree.isFile(path) ? [path] : [];
}

/** Folders of the crates that a `cargo run` plugin is built from: its own and its path dependencies'. */
function sourcesOf(tree: Tree, command: readonly string[], folder: string, manifests: readonly string[]): string[] {
  if (command[0] !== 'cargo') return [];
  const known = new Map<string, CargoManifest | undefined>();
  const load = (root: string): CargoManifest | undefined => {
    if (!known.has(root)) {
      const path = posix.join(root, 'Cargo.toml');
      known.set(root, tree.exists(path) ? { root, toml: parseToml(path, readText(tree, path)) } : undefined);
    }
    return known.get(root);
  };
  const option = (...names: string[]) => {
    const index = command.findIndex((part) => names.includes(part.split('=')[0] ?? ''));
    return index < 0 ? undefined : (command[index]?.split('=')[1] ?? command[index + 1]);
  };
  const name = option('-p', '--package')?.split('@')[0];
  const manifest = option('--manifest-path');
  const start = manifests
    .map((path) => posix.dirname(path))
    .find((root) =>
      name === undefined
        ? root === (manifest === undefined ? folder : posix.join(folder, posix.dirname(manifest)))
        : new RegExp(`^\\s*name\\s*=\\s*["']${escaped(name)}["']`, 'm').test(
            readText(tree, posix.join(root, 'Cargo.toml')),
          ) && table(load(root)?.toml.package)?.name === name,
    );
  const roots = new Set<string>();
  const queue = start === undefined ? [] : [start];
  for (let root = queue.pop(); root !== undefined; root = queue.pop()) {
    const crate = load(root);
    if (!crate || roots.has(root)) continue;
    roots.add(root);
    const workspace = load(workspaceRootOf(crate, load) ?? root) ?? crate;
    queue.push(...pathDependencies(crate, workspace).filter((path) => !path.startsWith('../')));
  }
  return [...roots];
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function identity(path: string | undefined): string {
  if (path === undefined) return 'missing';
  const real = realpathSync(path);
  const { size, mtimeMs } = statSync(real);
  return `${real} ${size} ${mtimeMs}`;
}
