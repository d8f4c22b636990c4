/** The inferred graph of one repository beside what Cargo and its package manager say. */
import { execFileSync } from 'node:child_process';
import { basename, posix } from 'node:path';
import type { PluginOptions } from '../../../nx/src/graph/options.ts';
import { observe } from './observe.ts';
import { trueCrates, truePackages } from './truth.ts';

/** One place where the inferred graph and the truth differ. `missing` can be stale builds, `extra` needless ones. */
export interface Difference {
  readonly kind: 'fatal' | 'missing' | 'extra' | 'wrong';
  readonly what: string;
  readonly where: string;
  readonly expected?: string | undefined;
  readonly ours?: string | undefined;
}

/** What one repository gave. Times in milliseconds. */
export interface Comparison {
  readonly repository: string;
  readonly manifests: number;
  readonly crates: number;
  readonly crateEdges: number;
  readonly packages: number;
  readonly packageEdges: number;
  readonly externalPairs: number;
  readonly milliseconds: number;
  readonly differences: readonly Difference[];
}

/**
 * Compares one repository.
 *
 * @param repository absolute path of a git work tree
 * @param resolve also the resolved graph: patched crates and the closure of externals (see {@link trueCrates})
 * @param options of the plugin, as in nx.json
 */
export async function compare(repository: string, resolve: boolean, options: PluginOptions = {}): Promise<Comparison> {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: repository,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  })
    .split('\0')
    .filter(Boolean);
  const manifests = files.filter((file) => posix.basename(file) === 'Cargo.toml');
  const truth = trueCrates(repository, manifests, resolve);
  const packages = truePackages(repository);
  const differences: Difference[] = [];
  const counts = {
    repository: basename(repository),
    manifests: files.filter((file) => /(?:^|\/)(?:Cargo\.toml|package\.json)$/.test(file)).length,
    crates: truth.crates.size,
    crateEdges: [...truth.crates.values()].reduce((sum, { declared }) => sum + declared.size, 0),
    packages: packages?.edges.size ?? 0,
    packageEdges: [...(packages?.edges.values() ?? [])].reduce((sum, { size }) => sum + size, 0),
    externalPairs: [...truth.crates.values()].reduce((sum, { externals }) => sum + (externals?.size ?? 0), 0),
  };

  const start = performance.now();
  const ours = await observe(repository, files, options).catch((error: unknown) => {
    differences.push({ kind: 'fatal', what: 'graph', where: '.', ours: String((error as Error).message ?? error) });
    return undefined;
  });
  const milliseconds = Math.round(performance.now() - start);
  if (!ours) return { ...counts, milliseconds, differences };

  for (const duplicate of ours.duplicates) {
    differences.push({
      kind: 'wrong',
      what: 'two projects of one name',
      where: duplicate.roots.join(' '),
      ours: duplicate.name,
    });
  }
  const add = (kind: Difference['kind'], what: string, where: string, expected?: string, mine?: string) =>
    differences.push({ kind, what, where, expected, ours: mine });

  const needed = new Set(
    [...truth.crates.values()].flatMap(({ excluded, declared }) => (excluded ? [] : [...declared])),
  );
  for (const crate of truth.crates.values()) {
    const mine = ours.crates.get(crate.root);
    // Whom its workspace excludes, and nobody depends on, is no project: fixtures are kept so.
    if (!mine && crate.excluded && !needed.has(crate.root)) continue;
    if (!mine) {
      add('missing', 'crate', crate.root, `${crate.name} of workspace ${crate.workspaceRoot}`);
      continue;
    }
    if (mine.crate !== undefined && mine.crate !== crate.name)
      add('wrong', 'crate name', crate.root, crate.name, mine.crate);
    if (mine.cwd !== undefined && mine.cwd !== crate.workspaceRoot)
      add('wrong', 'workspace root', crate.root, crate.workspaceRoot, mine.cwd);
    for (const target of crate.declared) {
      if (!truth.crates.has(target)) add('wrong', 'path to no crate of the repository', crate.root, target);
      else if (!mine.edges.has(target)) add('missing', 'crate edge', crate.root, target);
    }
    const direct = crate.declared;
    for (const target of mine.edges) {
      const known = direct.has(target) || crate.resolved?.has(target) || packages?.edges.get(crate.root)?.has(target);
      if (!known && truth.crates.has(target)) add('extra', 'crate edge', crate.root, undefined, target);
    }
    if (crate.resolved) {
      const reach = ours.closure(crate.root);
      for (const target of crate.resolved) {
        if (truth.crates.has(target) && !reach.has(target))
          add('missing', 'resolved crate (patch?)', crate.root, target);
      }
      const tasks = [
        ['build', crate.externals, mine.buildExternals],
        ['test', crate.testExternals, mine.testExternals],
      ] as const;
      for (const [task, expected, seen] of tasks) {
        if (!seen) continue;
        for (const one of expected ?? []) if (!seen.has(one)) add('missing', `external of ${task}`, crate.root, one);
        for (const one of seen)
          if (!expected?.has(one)) add('extra', `external of ${task}`, crate.root, undefined, one);
      }
    }
    if (mine.binaries) {
      const left = [...crate.binaries].sort().join(' ');
      const right = [...mine.binaries].sort().join(' ');
      if (left !== right) add('wrong', 'binaries', crate.root, left, right);
    }
  }
  for (const root of ours.crates.keys()) {
    // What Cargo refuses as well cannot be judged; our build of it fails as loudly as Cargo's.
    const refused = truth.refused.has(root === '.' ? 'Cargo.toml' : `${root}/Cargo.toml`);
    if (!truth.crates.has(root) && !refused) add('extra', 'crate', root);
  }
  if (packages) {
    for (const [root, edges] of packages.edges) {
      const mine = ours.packages.get(root);
      // Nx takes the root's package.json for the workspace, no project, unless something needs it.
      if (!mine && root === '.' && ![...packages.edges.values()].some((targets) => targets.has('.'))) continue;
      if (!mine) {
        add('missing', 'package', root);
        continue;
      }
      for (const target of edges) if (!mine.has(target)) add('missing', 'package edge', root, target);
      for (const target of mine) {
        // Peers are not in every lock file; an edge to a crate is the native border.
        if (
          !edges.has(target) &&
          !truth.crates.has(target) &&
          packages.edges.has(target) &&
          !packages.loose.has(`${root} ${target}`)
        )
          add('extra', 'package edge', root, undefined, target);
      }
    }
  }
  return { ...counts, milliseconds, differences };
}
