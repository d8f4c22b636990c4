import type { ExecutorContext, ProjectGraph } from '@nx/devkit';
import { folder, installKrepis, removeFolders } from '../../testing/workspace.ts';
import check from '../check/executor.ts';
import boundaries from './executor.ts';
import { toGraphInput } from './graph.ts';

afterEach(() => {
  removeFolders();
  jest.restoreAllMocks();
});

const node = (name: string, root: string, tags?: string[]) => ({
  name,
  type: 'lib' as const,
  data: { root, ...(tags && { tags }) },
});
const edge = (source: string, target: string, type = 'static') => ({ source, target, type });

const graph: ProjectGraph = {
  nodes: {
    all: node('all', '.'),
    ui: node('ui', 'apps/shop/ui', ['scope:ui']),
    native: node('native', 'apps/shop/native'),
    outside: node('outside', 'libs/outside'),
  },
  externalNodes: {},
  dependencies: {
    ui: [
      edge('ui', 'native', 'implicit'),
      edge('ui', 'outside'),
      edge('ui', 'npm:react@19.0.0'),
      edge('ui', 'cargo:serde@1.0.0'),
    ],
    outside: [edge('outside', 'ui')],
    'npm:react@19.0.0': [edge('npm:react@19.0.0', 'npm:scheduler')],
  },
};

test('roots are relative to the Krepis workspace; projects outside of it are left out with their edges', () => {
  expect(toGraphInput(graph, '/w', '/w/apps/shop')).toEqual({
    nodes: [
      { name: 'ui', root: 'ui', tags: ['scope:ui'] },
      { name: 'native', root: 'native', tags: [] },
    ],
    edges: [edge('ui', 'native', 'implicit'), edge('ui', 'npm:react@19.0.0'), edge('ui', 'cargo:serde@1.0.0')],
  });
  expect(toGraphInput(graph, '/w', '/w').nodes.map(({ root }) => root)).toEqual([
    '.',
    'apps/shop/ui',
    'apps/shop/native',
    'libs/outside',
  ]);
  // krepis.json above the folder with nx.json.
  expect(toGraphInput(graph, '/w/web', '/w').nodes[1]?.root).toBe('web/apps/shop/ui');
});

function context(root: string, projectGraph: ProjectGraph): ExecutorContext {
  return {
    root,
    cwd: root,
    isVerbose: false,
    projectName: 'all',
    projectGraph,
    nxJsonConfiguration: {},
    projectsConfigurations: { version: 2, projects: { all: { root: '.' } } },
  };
}

test('boundaries hands the graph to krepis check, and fails with it; check does so when asked', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = installKrepis(root, { check: { code: 1 } });
  expect(await boundaries({ json: true }, context(root, graph))).toEqual({ success: false });
  expect(await check({ graph: true }, context(root, graph))).toEqual({ success: false });
  const [first, second] = recorded.calls();
  expect(first).toMatchObject({ args: ['check', '--graph', '-', '--json'], cwd: root });
  expect(JSON.parse(first?.input ?? '')).toEqual(toGraphInput(graph, root, root));
  expect(second?.args).toEqual(['check', '--graph', '-']);
  expect(second?.input).toBe(first?.input);
});

test('without a graph nothing passes: KRP7025', async () => {
  const root = folder({ 'krepis.json': '{}' });
  const recorded = installKrepis(root, { check: {} });
  await expect(boundaries({}, context(root, { nodes: {}, dependencies: {} }))).rejects.toThrow(/KRP7025/);
  expect(recorded.calls()).toEqual([]);
});
