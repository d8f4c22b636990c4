import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProjectGraphAsync, type NxJsonConfiguration, type ProjectGraph, workspaceRoot } from '@nx/devkit';
import { readJsonText } from '../../edit/json.ts';

/**
 * Looks at the graph as it is now and says where another plugin's target stands in the way of a crate's.
 *
 * A folder with a Cargo.toml and a package.json is one project: where another plugin infers its `test`, `lint` or
 * `build`, Nx takes that one whole, and Cargo's part would be missing without a word.
 *
 * @returns one text per problem; what Nx says if there is no graph
 */
export async function lostSuites(root: string): Promise<string[]> {
  // Nx builds the graph of the workspace its process runs in, no other.
  if (root !== workspaceRoot) return [];
  let graph: ProjectGraph;
  try {
    graph = await createProjectGraphAsync({ exitOnError: false });
  } catch (error) {
    return [`The project graph cannot be built yet:\n${(error as Error).message}`];
  }
  const names = targetNames(root);
  return Object.values(graph.nodes).flatMap(({ name, data }) => {
    const targets = data.targets ?? {};
    // `fmt` exists for crates only, and no other plugin has it.
    const crate = JSON.stringify(targets[names.fmt] ?? '').includes('cargo fmt');
    if (!crate) return [];
    return (['build', 'test', 'lint'] as const)
      .filter((kind) => targets[names[kind]] !== undefined && !/cargo/.test(JSON.stringify(targets[names[kind]])))
      .map(
        (kind) =>
          `${name}: \`${names[kind]}\` comes from another plugin, a script or project.json, so Cargo's part does not run ` +
          `there. Rename ours ("${kind}TargetName": "cargo-${kind}" in the options of @krepis/nx in nx.json) or take the other away.`,
      );
  });
}

function targetNames(root: string): Readonly<Record<'build' | 'test' | 'lint' | 'fmt', string>> {
  const { plugins } = readJsonText<NxJsonConfiguration>('nx.json', readFileSync(join(root, 'nx.json'), 'utf8'));
  const entry = plugins?.find((plugin) => typeof plugin === 'object' && plugin.plugin === '@krepis/nx');
  const options = (typeof entry === 'object' ? (entry.options ?? {}) : {}) as Readonly<Record<string, unknown>>;
  const named = (kind: string) => {
    const value = options[`${kind}TargetName`];
    return typeof value === 'string' ? value : kind;
  };
  return { build: named('build'), test: named('test'), lint: named('lint'), fmt: named('fmt') };
}
