import type {
  CreateDependencies,
  CreateNodes,
  CreateNodesResultV2,
  DependencyType,
  ProjectConfiguration,
  RawProjectGraphDependency,
} from '@nx/devkit';
import { diskReader } from './graph/reader.ts';
import { inferTargets, messageTargets } from './graph/targets.ts';
import { edges, MANIFESTS, type PluginOptions, readWorkspace } from './graph/workspace.ts';

/** Name of the plugin, as Nx prints it. */
export const name = '@krepis/nx';

/**
 * Infers projects and their targets from Cargo.toml, package.json and buf.yaml, keyed by project root.
 *
 * A broken manifest fails the command with its file and line: a graph with silent holes would let CI pass.
 */
export const createNodes: CreateNodes<PluginOptions> = [
  MANIFESTS,
  (files, options, { workspaceRoot }) => {
    const reader = diskReader(workspaceRoot);
    const workspace = readWorkspace(files, options ?? {}, reader);
    const biome = reader.exists('biome.json') || reader.exists('biome.jsonc');
    const crates = new Map(workspace.crates.map((crate) => [crate.root, crate]));
    const packages = new Map(workspace.packages.map((npmPackage) => [npmPackage.root, npmPackage]));

    const results: CreateNodesResultV2 = [];
    const add = (file: string, project: ProjectConfiguration) =>
      results.push([file, { projects: { [project.root]: project } }]);
    for (const root of new Set([...crates.keys(), ...packages.keys()])) {
      const crate = crates.get(root);
      const npmPackage = packages.get(root);
      const project = npmPackage?.name ?? crate?.name ?? root;
      add(crate ? join(root, 'Cargo.toml') : join(root, 'package.json'), {
        root,
        name: project,
        sourceRoot: join(root, 'src'),
        targets: inferTargets({ name: project, crate, npmPackage, biome }),
      });
    }
    for (const root of workspace.messages.modules) {
      if (!crates.has(root) && !packages.has(root)) add('buf.yaml', { root, name: root, targets: messageTargets() });
    }
    return results;
  },
];

/** The name Nx 22 asks for. */
export const createNodesV2 = createNodes;

/** Edges between crates, between packages, and from generated code to its messages. Starts no process. */
export const createDependencies: CreateDependencies<PluginOptions> = (options, context) => {
  const { projectFileMap, nonProjectFiles } = context.fileMap;
  const files = [...Object.values(projectFileMap).flat(), ...nonProjectFiles].map(({ file }) => file);
  const manifests = files.filter((file) => /(?:^|\/)(?:Cargo\.toml|package\.json)$/.test(file));
  const workspace = readWorkspace(manifests, options ?? {}, diskReader(context.workspaceRoot));
  const names = new Map(Object.entries(context.projects).map(([project, { root }]) => [root, project]));
  return edges(workspace).flatMap(({ source, target, file }) => {
    const from = names.get(source);
    const to = names.get(target);
    if (from === undefined || to === undefined) return [];
    // A file outside the source project (buf.gen.yaml) cannot be named as the edge's origin: Nx would refuse it.
    const edge = file.startsWith(`${source}/`)
      ? { source: from, target: to, type: 'static' as DependencyType.static, sourceFile: file }
      : { source: from, target: to, type: 'implicit' as DependencyType.implicit };
    return [edge satisfies RawProjectGraphDependency];
  });
};

function join(root: string, path: string): string {
  return root === '.' ? path : `${root}/${path}`;
}
