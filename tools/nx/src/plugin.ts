import type {
  CreateDependencies,
  CreateNodes,
  CreateNodesResultV2,
  DependencyType,
  ProjectGraphExternalNode,
  RawProjectGraphDependency,
} from '@nx/devkit';
import { KrepisError } from './errors.ts';
import { cachedInference, type Inference } from './graph/inference.ts';
import { MANIFESTS } from './graph/manifests.ts';
import type { PluginOptions } from './graph/options.ts';

/** Name of the plugin, as Nx prints it. */
export const name = '@krepis/nx';

/** The last inference of this process: Nx asks for the edges right after the projects. */
let latest: { readonly asked: string; readonly inference: Inference } | undefined;

/**
 * Infers projects and their targets from Cargo.toml, package.json and buf.yaml, keyed by project root.
 *
 * A broken manifest fails the command with its file and line: a graph with silent holes would let CI pass. Starts no process.
 */
export const createNodes: CreateNodes<PluginOptions> = [
  MANIFESTS,
  async (files, options, { workspaceRoot, nxJsonConfiguration }) => {
    latest = undefined;
    let inference: Inference;
    try {
      inference = await cachedInference(workspaceRoot, files, options ?? {}, nxJsonConfiguration);
    } catch (error) {
      // Of a failing graph, `nx run-many` and `nx affected` of Nx 23.2 print the fact alone, not the reason.
      if (error instanceof KrepisError) process.stderr.write(`\n${error.message}\n`);
      throw error;
    }
    latest = { asked: JSON.stringify([workspaceRoot, options ?? {}]), inference };
    const results: CreateNodesResultV2 = inference.projects.map(({ file, project }) => [
      file,
      { projects: { [project.root]: project } },
    ]);
    const [first] = results;
    if (first && inference.externals.length > 0) first[1].externalNodes = externalNodes(inference);
    return results;
  },
];

/** The name Nx 22 asks for. */
export const createNodesV2 = createNodes;

/** Edges between crates, between packages, across the languages, and from generated code to its messages. Starts no process. */
export const createDependencies: CreateDependencies<PluginOptions> = async (options, context) => {
  const { projectFileMap, nonProjectFiles } = context.fileMap;
  let inference =
    latest?.asked === JSON.stringify([context.workspaceRoot, options ?? {}]) ? latest.inference : undefined;
  if (inference === undefined) {
    const matches =
      /(?:^|\/)(?:Cargo\.(?:toml|lock)|package\.json|project\.json|buf(?:\.gen|\.work)?\.yaml|tsconfig[^/]*\.json)$/;
    const files = [...Object.values(projectFileMap).flat(), ...nonProjectFiles].map(({ file }) => file);
    // Also where the projects could not be inferred: the same error again, never a graph without edges.
    inference = await cachedInference(
      context.workspaceRoot,
      files.filter((file) => matches.test(file)),
      options ?? {},
      context.nxJsonConfiguration,
    );
  }
  const names = new Map(Object.entries(context.projects).map(([project, { root }]) => [root, project]));
  const found: RawProjectGraphDependency[] = [];
  for (const { source, target, file } of inference.edges) {
    const from = names.get(source);
    const to = names.get(target);
    if (from === undefined || to === undefined) continue;
    // A file outside the source project (buf.gen.yaml) cannot be named as the edge's origin: Nx would refuse it.
    found.push(
      file.startsWith(`${source}/`)
        ? { source: from, target: to, type: 'static' as DependencyType.static, sourceFile: file }
        : { source: from, target: to, type: 'implicit' as DependencyType.implicit },
    );
  }
  for (const [root, nodes] of inference.crateExternals) {
    const from = names.get(root);
    if (from === undefined) continue;
    for (const node of nodes) found.push({ source: from, target: node, type: 'implicit' as DependencyType.implicit });
  }
  for (const { node, dependencies } of inference.externals) {
    for (const target of dependencies) found.push({ source: node, target, type: 'static' as DependencyType.static });
  }
  return found;
};

function externalNodes({ externals }: Inference): Record<string, ProjectGraphExternalNode> {
  return Object.fromEntries(
    externals.map(({ node, name: packageName, version, hash }) => [
      node,
      // Nx types the kind as `npm` and takes any.
      { type: 'cargo', name: node, data: { packageName, version, hash } } as unknown as ProjectGraphExternalNode,
    ]),
  );
}
