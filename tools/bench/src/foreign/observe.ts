/** Runs the plugin as Nx does, without Nx: createNodes over the files, then createDependencies over its projects. */
import { posix } from 'node:path';
import type {
  CreateDependenciesContext,
  CreateNodesContext,
  ProjectConfiguration,
  RawProjectGraphDependency,
} from '@nx/devkit';
import type { PluginOptions } from '../../../nx/src/graph/options.ts';
import { createDependencies, createNodes } from '../../../nx/src/plugin.ts';

/** A crate as the plugin shows it to Nx. */
export interface SeenCrate {
  /** The name after `-p`, if a target has one. */
  readonly crate?: string | undefined;
  /** Folder its cargo runs in. */
  readonly cwd?: string | undefined;
  /** Roots of the projects it depends on. */
  readonly edges: ReadonlySet<string>;
  /** Binaries among the outputs of `build`. */
  readonly binaries?: ReadonlySet<string> | undefined;
  /** `name@version` of the external crates in the hash of `build`. */
  readonly buildExternals?: ReadonlySet<string> | undefined;
  /** The same of `test`. */
  readonly testExternals?: ReadonlySet<string> | undefined;
}

/** The inferred graph by roots. */
export interface Seen {
  readonly crates: ReadonlyMap<string, SeenCrate>;
  readonly packages: ReadonlyMap<string, ReadonlySet<string>>;
  readonly duplicates: readonly { readonly name: string; readonly roots: readonly string[] }[];
  /** Roots of all that a root reaches. */
  closure(root: string): ReadonlySet<string>;
}

/** @param files all files of the repository, relative, as Nx lists them */
export async function observe(repository: string, files: readonly string[], options: PluginOptions): Promise<Seen> {
  const [pattern, infer] = createNodes;
  const matched = files.filter((file) => posix.matchesGlob(withoutDots(file), pattern));
  const context = { workspaceRoot: repository, nxJsonConfiguration: {} } as CreateNodesContext;
  const results = await infer([...matched], options, context);

  const byRoot = new Map<string, ProjectConfiguration>();
  const externalNodes: Record<string, { data: { packageName: string; version: string } }> = {};
  for (const [, result] of results) {
    for (const [root, project] of Object.entries(result.projects ?? {}))
      byRoot.set(root, { ...byRoot.get(root), ...project, root } as ProjectConfiguration);
    Object.assign(externalNodes, result.externalNodes);
  }
  const projects: Record<string, ProjectConfiguration> = {};
  const names = Map.groupBy(byRoot.values(), ({ name, root }) => name ?? root);
  const key = new Map<string, string>();
  for (const [name, list] of names) {
    for (const project of list) {
      const unique = list.length === 1 ? name : `${name}#${project.root}`;
      projects[unique] = project;
      key.set(unique, project.root);
    }
  }

  const raw = await createDependencies(options, {
    projects,
    externalNodes,
    workspaceRoot: repository,
    nxJsonConfiguration: {},
    fileMap: fileMap(files, projects),
    filesToProcess: { projectFileMap: {}, nonProjectFiles: [] },
  } as unknown as CreateDependenciesContext);

  const edges = new Map<string, Set<string>>();
  const externals = new Map<string, Set<string>>();
  for (const { source, target } of raw as RawProjectGraphDependency[]) {
    const from = key.get(source) ?? source;
    const to = key.get(target);
    const [table, into] = to === undefined ? [externals, target] : [edges, to];
    table.set(from, (table.get(from) ?? new Set()).add(into));
  }
  const label = (node: string) => {
    const data = externalNodes[node]?.data;
    return data ? `${data.packageName}@${data.version}` : node.replace(/^cargo:/, '');
  };

  const crates = new Map<string, SeenCrate>();
  const packages = new Map<string, ReadonlySet<string>>();
  for (const [root, project] of byRoot) {
    const own = edges.get(root) ?? new Set<string>();
    const has = (file: string) => matched.includes(posix.join(root, file));
    if (has('Cargo.toml') && project.targets?.check !== undefined)
      crates.set(
        root,
        seenCrate(project, own, (named) => new Set([...reach(named, externals)].map(label))),
      );
    if (has('package.json')) packages.set(root, own);
  }
  return {
    crates,
    packages,
    duplicates: [...names]
      .filter(([, list]) => list.length > 1)
      .map(([name, list]) => ({ name, roots: list.map(({ root }) => root) })),
    closure(root) {
      return reach([root], edges);
    },
  };
}

/** All that the first ones lead to; external packages among the first are reached as well. */
function reach(first: readonly string[], table: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const found = new Set<string>(first.filter((node) => node.startsWith('cargo:')));
  const queue = [...first];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const next of table.get(at) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      queue.push(next);
    }
  }
  return found;
}

/** Nx's globs take folders like `.github` as any other. */
function withoutDots(file: string): string {
  return file.replaceAll(/(^|\/)\./g, '$1_');
}

function seenCrate(
  project: ProjectConfiguration,
  edges: ReadonlySet<string>,
  closure: (named: readonly string[]) => ReadonlySet<string>,
): SeenCrate {
  const { build, check, test } = project.targets ?? {};
  const externals = (inputs: readonly unknown[] | undefined) => {
    const named = (inputs ?? []).flatMap(
      (input) => (input as { externalDependencies?: string[] }).externalDependencies ?? [],
    );
    // Nx takes what an external package needs into the hash with it.
    return closure(named.filter((node) => node.startsWith('cargo:')));
  };
  const outputs = build?.outputs?.map((output) => posix.basename(output)) ?? [];
  return {
    crate: /(?:-p|--package)[ =](\S+)/.exec(check?.command ?? '')?.[1],
    cwd: check?.options?.cwd,
    edges,
    // An addon's files and libraries that others load are no binaries.
    binaries: build?.command?.startsWith('cargo build')
      ? new Set(outputs.filter((name) => !/\.(?:so|dylib|dll|a|lib|node|js|cjs|d\.ts)$/.test(name)))
      : undefined,
    buildExternals: build?.command?.startsWith('cargo build') ? externals(build.inputs) : undefined,
    testExternals: test ? externals(test.inputs) : undefined,
  };
}

function fileMap(files: readonly string[], projects: Record<string, ProjectConfiguration>) {
  const roots = Object.entries(projects).sort((a, b) => b[1].root.length - a[1].root.length);
  const projectFileMap: Record<string, { file: string; hash: string }[]> = Object.fromEntries(
    roots.map(([name]) => [name, []]),
  );
  const byRoot = new Map(roots.map(([name, { root }]) => [root, name]));
  const nonProjectFiles: { file: string; hash: string }[] = [];
  for (const file of files) {
    let folder = posix.dirname(file);
    while (!byRoot.has(folder) && folder !== '.') folder = posix.dirname(folder);
    const owner = byRoot.get(folder);
    (owner === undefined ? nonProjectFiles : (projectFileMap[owner] ?? nonProjectFiles)).push({ file, hash: '' });
  }
  return { projectFileMap, nonProjectFiles };
}
