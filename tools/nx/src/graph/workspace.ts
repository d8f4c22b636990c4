import { posix } from 'node:path';
import { type Crate, readCrates } from './cargo.ts';
import { type Messages, readMessages } from './messages.ts';
import { type NpmPackage, readPackages } from './packages.ts';
import type { ManifestReader } from './reader.ts';

/** Which languages the plugin infers from. Set in nx.json beside the plugin's name. */
export interface PluginOptions {
  /** Crates from Cargo.toml. Default true. */
  readonly rust?: boolean;
  /** TypeScript packages from package.json and tsconfig.json. Default true. */
  readonly typescript?: boolean;
  /** Messages from buf.yaml and buf.gen.yaml. Default true. */
  readonly messages?: boolean;
}

/** All that the manifests say about projects and their edges; both halves of the plugin work from this value. */
export interface Workspace {
  readonly crates: readonly Crate[];
  readonly packages: readonly NpmPackage[];
  readonly messages: Messages;
}

/** An edge between two project roots, with the file that says so. */
export interface Edge {
  readonly source: string;
  readonly target: string;
  readonly file: string;
}

/** The files the plugin is asked about; Nx leaves out what git ignores. */
export const MANIFESTS = '**/{Cargo.toml,package.json,buf.yaml}';

/**
 * Reads every manifest once.
 *
 * @param files paths that match {@link MANIFESTS}, relative to the Nx root
 * @throws KrepisError KRP7010 to KRP7013
 */
export function readWorkspace(files: readonly string[], options: PluginOptions, reader: ManifestReader): Workspace {
  const named = (name: string) => files.filter((file) => posix.basename(file) === name);
  return {
    crates: options.rust === false ? [] : readCrates(named('Cargo.toml'), reader),
    packages: options.typescript === false ? [] : readPackages(named('package.json'), reader),
    messages: options.messages === false ? { modules: [], outputs: [] } : readMessages(reader),
  };
}

/** Every edge between roots: crate to crate, package to package, and generated code to the messages it comes from. */
export function edges(workspace: Workspace): Edge[] {
  const found: Edge[] = [];
  for (const { root, dependencies } of workspace.crates) {
    for (const target of dependencies) found.push({ source: root, target, file: posix.join(root, 'Cargo.toml') });
  }
  for (const { root, dependencies } of workspace.packages) {
    for (const target of dependencies) found.push({ source: root, target, file: posix.join(root, 'package.json') });
  }
  const roots = [...new Set([...workspace.crates, ...workspace.packages].map(({ root }) => root))];
  const { modules, outputs } = workspace.messages;
  for (const source of new Set(outputs.flatMap((output) => owner(output, roots) ?? []))) {
    for (const target of modules) found.push({ source, target, file: 'buf.gen.yaml' });
  }
  return found.filter(({ source, target }) => source !== target);
}

/** The deepest root that holds the path. */
function owner(path: string, roots: readonly string[]): string | undefined {
  return roots.filter((root) => path === root || path.startsWith(`${root}/`)).sort((a, b) => b.length - a.length)[0];
}
