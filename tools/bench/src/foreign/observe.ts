/** Runs the plugin as Nx does, without Nx: createNodes over the files, then createDependencies over its projects. */
import { posix } from 'node:path';
import type {
  CreateDependenciesContext,
  CreateNodesContext,
  ProjectConfiguration,
  RawProjectGraphDependency,
} from '@nx/devkit';
import { createDependencies, createNodes } from '../../../nx/src/plugin.ts';

/** A crate as the plugin shows it to Nx. */
export interface SeenCrate {
  /** The name after `-p`, if a target has one. */
  readonly crate?: string | undefined;
  /** Folder its cargo runs in. */
  readonly cwd?: string | undefined;
  /** Roots of the projects it depends on. */
  readonly edges: ReadonlySet<string>;
  /** Files of `target/debug` among the outputs of `build`. */
  readonly binaries?: ReadonlySet<string> | undefined;
  readonly addon?: boolean | undefined;
}

/** The inferred graph by roots. */
export interface Seen {
  readonly crates: ReadonlyMap<string, SeenCrate>;
  readonly packages: ReadonlyMap<string, ReadonlySet<string>>;
  readonly duplicates: readonly { readonly name: string; readonly roots: readonly string[] }[];
  readonly hasExternals: boolean;
  /** All that a root reaches. */
  closure(root: string): { readonly roots: ReadonlySet<string>; readonly externals: ReadonlySet<string> };
}

/** @param files all files of the repository, relative, as Nx lists them */
export async function observe(repository: string, files: readonly string[]): Promise<Seen> {
  const [, infer] = createNodes;
  const matched = files.filter((file) => MANIFEST.test(file));
  const context = { workspaceRoot: repository, nxJsonConfiguration: {} } as CreateNodesContext;
  const results = await infer([...matched], {}, context);

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

  const raw = await createDependencies({}, {
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
    const into = to === undefined ? externals : edges;
    into.set(from, (into.get(from) ?? new Set()).add(to ?? target));
  }
  const label = (node: string) => {
    const data = externalNodes[node]?.data;
    return data ? `${data.packageName}@${data.version}` : node.replace(/^cargo:/, '');
  };

  const crates = new Map<string, SeenCrate>();
  const packages = new Map<string, ReadonlySet<string>>();
  for (const [root, project] of byRoot) {
    const own = edges.get(root) ?? new Set<string>();
    const commands = JSON.stringify(project.targets ?? {});
    const has = (file: string) => matched.includes(posix.join(root, file));
    if (has('Cargo.toml') && /\bcargo\b/.test(commands)) crates.set(root, seenCrate(project, own));
    if (has('package.json')) packages.set(root, own);
  }
  return {
    crates,
    packages,
    duplicates: [...names]
      .filter(([, list]) => list.length > 1)
      .map(([name, list]) => ({ name, roots: list.map(({ root }) => root) })),
    hasExternals: Object.keys(externalNodes).some((node) => node.startsWith('cargo:')),
    closure(root) {
      const roots = new Set<string>();
      const found = new Set<string>();
      const queue = [root];
      for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
        for (const [table, seen] of [
          [edges, roots],
          [externals, found],
        ] as const) {
          for (const next of table.get(at) ?? []) {
            if (seen.has(next)) continue;
            seen.add(next);
            queue.push(next);
          }
        }
      }
      return { roots, externals: new Set([...found].filter((node) => node.startsWith('cargo:')).map(label)) };
    },
  };
}

const MANIFEST = /(?:^|\/)(?:Cargo\.toml|package\.json|buf\.yaml)$/;

function seenCrate(project: ProjectConfiguration, edges: ReadonlySet<string>): SeenCrate {
  const build = project.targets?.build;
  const check = project.targets?.check ?? project.targets?.fmt;
  const command = check?.command ?? '';
  const outputs = build?.outputs?.flatMap((output) => /\/target\/debug\/([^/]+)$/.exec(output)?.[1] ?? []) ?? [];
  return {
    crate: /(?:-p|--package)[ =](\S+)/.exec(command)?.[1],
    cwd: check?.options?.cwd,
    edges,
    binaries: build ? new Set(outputs.filter((name) => !/\.(?:so|dylib|dll|a|rlib)$/.test(name))) : undefined,
    addon: project.targets && Object.keys(project.targets).some((name) => name === 'napi-build') ? true : undefined,
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
