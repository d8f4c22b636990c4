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
  const lost = new Map<string, string[]>();
  for (const { name, data } of Object.values(graph.nodes)) {
    const targets = data.targets ?? {};
    // `fmt` exists for crates only, and no other plugin has it.
    if (!JSON.stringify(targets[names.fmt] ?? '').includes('cargo fmt')) continue;
    for (const kind of ['build', 'test', 'lint'] as const) {
      const target = targets[names[kind]];
      // The build of an addon compiles its crate, whoever wrote it.
      if (kind === 'build' && targets[names.napiBuild] !== undefined) continue;
      if (target === undefined || /cargo|@monodon\/rust|@krepis\/nx/.test(JSON.stringify(target))) continue;
      lost.set(kind, [...(lost.get(kind) ?? []), name]);
    }
  }
  return [...lost].map(
    ([kind, projects]) =>
      `\`${kind}\` of ${projects.join(', ')} comes from another plugin, a script or project.json, so Cargo's part does not ` +
      `run there. Rename ours in nx.json ({ "plugin": "@krepis/nx", "options": { "${kind}TargetName": "cargo-${kind}" } }), or take the other away.`,
  );
}

function targetNames(root: string): Readonly<Record<'build' | 'test' | 'lint' | 'fmt' | 'napiBuild', string>> {
  const { plugins } = readJsonText<NxJsonConfiguration>('nx.json', readFileSync(join(root, 'nx.json'), 'utf8'));
  const entry = plugins?.find((plugin) => typeof plugin === 'object' && plugin.plugin === '@krepis/nx');
  const options = (typeof entry === 'object' ? (entry.options ?? {}) : {}) as Readonly<Record<string, unknown>>;
  const named = (kind: string) => {
    const value = options[`${kind}TargetName`];
    return typeof value === 'string' ? value : kind;
  };
  const { napiBuildTargetName: napiBuild } = options;
  return {
    napiBuild: typeof napiBuild === 'string' ? napiBuild : 'napi-build',
    build: named('build'),
    test: named('test'),
    lint: named('lint'),
    fmt: named('fmt'),
  };
}
