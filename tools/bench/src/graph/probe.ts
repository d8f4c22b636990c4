/**
 * Runs the two functions of one Nx plugin in a workspace, once, and prints what they cost as JSON.
 *
 * A process of its own per sample, as Nx starts one: `node probe.ts PLUGIN [--count]` in the workspace's root. The files
 * Nx would hand over, and the rest of the context, are gathered before the clock starts. With `--count`, processes started
 * and files read are counted instead, which costs time.
 */
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';

/** What one run costs. */
export interface Cost {
  /** Milliseconds to load the plugin's modules. */
  readonly load: number;
  /** Milliseconds of `createNodes` and `createDependencies`. */
  readonly graph: number;
  /** Projects found. */
  readonly projects: number;
  /** Edges found. */
  readonly edges: number;
  /** Processes started by the two functions; with `--count`. */
  readonly processes?: number;
  /** Files read by the two functions in this process; with `--count`. */
  readonly files?: number;
}

interface Plugin {
  readonly createNodes?: CreateNodes;
  readonly createNodesV2?: CreateNodes;
  readonly createDependencies: (options: unknown, context: unknown) => unknown;
}

type Nodes = { projects?: Record<string, { root: string; name?: string }>; externalNodes?: Record<string, unknown> };
type CreateNodes = readonly [
  glob: string,
  make: (files: readonly string[], options: unknown, context: unknown) => Promise<[string, Nodes][]>,
];

async function main(name: string, counted: boolean): Promise<Cost> {
  const root = process.cwd();
  const require = createRequire(join(root, 'package.json'));
  const counts = { processes: 0, files: 0 };
  if (counted) count(counts);

  // Loads what Nx itself has loaded before it loads a plugin.
  const { globWithWorkspaceContext, getAllFileDataInContext } = require('nx/src/utils/workspace-context');
  require('@nx/devkit');
  const begin = performance.now();
  const plugin = require(name) as Plugin;
  const load = performance.now() - begin;

  const nodes = plugin.createNodes ?? plugin.createNodesV2;
  if (nodes === undefined) throw new Error(`${name} makes no projects`);
  const [glob, make] = nodes;
  const matched: string[] = await globWithWorkspaceContext(root, [glob]);
  const all: { file: string; hash: string }[] = await getAllFileDataInContext(root);
  const nxJsonConfiguration = JSON.parse(fs.readFileSync(join(root, 'nx.json'), 'utf8'));
  const context = { workspaceRoot: root, nxJsonConfiguration, configFiles: matched };

  counts.processes = 0;
  counts.files = 0;
  const start = performance.now();
  const results = await make(matched, {}, context);
  const made = performance.now() - start;

  const projects: Record<string, { root: string }> = {};
  let externalNodes: Record<string, unknown> = {};
  for (const [, result] of results) {
    for (const [folder, project] of Object.entries(result.projects ?? {})) {
      // Nx merges by folder and takes the name from the package where nothing else says one.
      projects[project.name ?? dirname(folder)] = { ...project, root: project.root ?? folder };
    }
    externalNodes = { ...externalNodes, ...result.externalNodes };
  }
  const fileMap = { projectFileMap: {}, nonProjectFiles: all };
  const again = performance.now();
  const edges = (await plugin.createDependencies(
    {},
    { ...context, projects, externalNodes, fileMap, filesToProcess: fileMap },
  )) as unknown[];
  const graph = made + (performance.now() - again);
  return {
    load,
    graph,
    projects: Object.keys(projects).length,
    edges: edges.length,
    ...(counted ? counts : {}),
  };
}

/** Counts what the modules loaded later start and read. */
function count(counts: { processes: number; files: number }): void {
  const wrap = (target: object, key: string, what: keyof typeof counts) => {
    const functions = target as Record<string, unknown>;
    const original = functions[key];
    if (typeof original !== 'function') throw new Error(`there is no ${key}`);
    functions[key] = Object.assign(function counting(this: unknown, ...args: unknown[]) {
      counts[what] += 1;
      return Reflect.apply(original, this, args);
    }, original);
  };
  for (const key of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']) {
    wrap(childProcess, key, 'processes');
  }
  for (const key of ['readFile', 'readFileSync']) wrap(fs, key, 'files');
  wrap(fs.promises, 'readFile', 'files');
  syncBuiltinESMExports();
}

const [plugin, flag] = process.argv.slice(2);
if (plugin !== undefined) {
  const cost = await main(plugin, flag === '--count');
  // Nx's native parts keep the process alive.
  process.stdout.write(`${JSON.stringify(cost)}\n`, () => process.exit(0));
}
