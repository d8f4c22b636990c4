import { demandOwnInputs } from './defaults.ts';
import type { Inference } from './inference.ts';
import { type Environment, inferProjects, projectNames } from './projects.ts';
import { edges, readWorkspace } from './workspace.ts';

/**
 * Reads every manifest and infers all that the plugin tells Nx.
 *
 * @throws KrepisError KRP7010 to KRP7018
 */
export function infer(files: readonly string[], environment: Environment): Inference {
  const { reader, options } = environment;
  const workspace = readWorkspace(files, options, reader);
  demandOwnInputs(workspace, environment);
  const names = projectNames(workspace, new Set(files), reader);
  return {
    projects: inferProjects(workspace, names, environment),
    edges: edges(workspace),
    externals: workspace.externals,
    crateExternals: workspace.crates.map(({ root, externals: own }) => [root, own.map(({ node }) => node)] as const),
  };
}
