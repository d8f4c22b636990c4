import { join, relative, sep } from 'node:path';
import type { ExecutorContext, ProjectGraph } from '@nx/devkit';
import { errors, KrepisError } from '../../errors.ts';

/** What `krepis check --graph` reads. Roots are relative to the Krepis workspace, with `/`. */
export interface GraphInput {
  readonly nodes: readonly { readonly name: string; readonly root: string; readonly tags: readonly string[] }[];
  readonly edges: readonly { readonly source: string; readonly target: string; readonly type: string }[];
}

/**
 * The Nx project graph as krepis reads it.
 *
 * Projects outside of the Krepis workspace are left out with their edges: its rules do not speak of them. What is outside of
 * the Nx workspace (`npm:react`) stays as a target.
 *
 * @param graph of the executor's context
 * @param nxRoot absolute path of the folder with nx.json
 * @param workspace absolute path of the folder with krepis.json
 */
export function toGraphInput(graph: ProjectGraph, nxRoot: string, workspace: string): GraphInput {
  const nodes: GraphInput['nodes'][number][] = [];
  for (const { name, data } of Object.values(graph.nodes)) {
    const root = relative(workspace, join(nxRoot, data.root)).split(sep).join('/') || '.';
    if (root === '..' || root.startsWith('../')) continue;
    nodes.push({ name, root, tags: data.tags ?? [] });
  }
  const inside = new Set(nodes.map(({ name }) => name));
  const edges = Object.values(graph.dependencies)
    .flat()
    .filter(({ source, target }) => inside.has(source) && (inside.has(target) || isForeign(target, graph)))
    .map(({ source, target, type }) => ({ source, target, type: String(type) }));
  return { nodes, edges };
}

/** Whether a target is a package or a crate that is not of the Nx workspace. */
function isForeign(target: string, graph: ProjectGraph): boolean {
  return !(target in graph.nodes) && /^(?:npm|cargo):/.test(target);
}

/**
 * The graph for stdin.
 *
 * @throws KrepisError KRP7025 if Nx handed over no graph: an empty one would let everything pass
 */
export function graphInput(context: ExecutorContext, workspace: string): string {
  const graph = context.projectGraph;
  if (!graph || Object.keys(graph.nodes).length === 0) throw new KrepisError(errors.NO_GRAPH);
  return JSON.stringify(toGraphInput(graph, context.root, workspace));
}
