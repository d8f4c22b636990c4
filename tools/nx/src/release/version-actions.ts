import type { ProjectGraph, Tree } from '@nx/devkit';
import { VersionActions } from 'nx/release';
import { errors, KrepisError } from '../errors.ts';
import { run } from '../process.ts';
import { LockStep, type ManifestVersion, type References } from './lock-step.ts';

type CurrentVersion = { currentVersion: string; manifestPath: string };

/**
 * Versions crates and npm packages in lock step, for `release.version.versionActions` of nx.json.
 *
 * Only the characters of versions change: manifests and lock files are edited as text, through Nx's tree, so that
 * `nx release --dry-run` shows each of them. See docs/release.md.
 *
 * @example
 * { "release": { "version": { "versionActions": "@krepis/nx/release" } } }
 */
export default class KrepisVersionActions extends VersionActions {
  override validManifestFilenames = ['Cargo.toml', 'package.json'];
  /** Nx formats with Prettier whatever is not in `manifestsToUpdate`; every file edited here is put in. */
  override excludeManifestsFromFormatting = true;

  #tree: Tree | undefined;
  #groupMates: KrepisVersionActions[] = [];

  /** Folders whose manifests are written: `manifestRootsToUpdate`, else the project's root. */
  #roots: { readonly path: string; readonly protocols: boolean }[] = [];

  static readonly #groups = new WeakMap<object, KrepisVersionActions[]>();

  override async init(tree: Tree): Promise<void> {
    this.#tree = tree;
    const mates = KrepisVersionActions.#groups.get(this.releaseGroup) ?? [];
    mates.push(this);
    KrepisVersionActions.#groups.set(this.releaseGroup, mates);
    this.#groupMates = mates;

    const { manifestRootsToUpdate, preserveLocalDependencyProtocols } = this.finalConfigForProject;
    const named = manifestRootsToUpdate.map((root) => ({
      path: interpolate(root.path, this.projectGraphNode.data.root, this.projectGraphNode.name),
      protocols: root.preserveLocalDependencyProtocols,
    }));
    this.#roots =
      named.length > 0
        ? named
        : [{ path: this.projectGraphNode.data.root, protocols: preserveLocalDependencyProtocols }];
  }

  override async validate(tree: Tree): Promise<void> {
    const release = LockStep.over(tree);
    for (const { path } of this.#roots) {
      if (release.hasManifest(path)) continue;
      throw new KrepisError({
        ...errors.NO_RELEASE_MANIFEST,
        at: { path },
        reason: `project ${this.projectGraphNode.name} of release group ${this.releaseGroup.name}`,
      });
    }
  }

  override async readCurrentVersionFromSourceManifest(tree: Tree): Promise<CurrentVersion | null> {
    const [own] = this.#versions(tree);
    // A private package may have no version; in a fixed group it is the others'.
    const found = own ?? (this.#fixed ? this.#groupMates.flatMap((mate) => mate.#versions(tree))[0] : undefined);
    return found ? { currentVersion: found.version, manifestPath: found.path } : null;
  }

  override async readCurrentVersionFromRegistry(
    tree: Tree,
    metadata: { readonly registry?: unknown; readonly tag?: unknown } | undefined,
  ): Promise<{ currentVersion: string | null; logText: string } | null> {
    const manifest = LockStep.over(tree).registryName(this.projectGraphNode.data.root);
    if (!manifest) return null;
    const registry = typeof metadata?.registry === 'string' ? metadata.registry : undefined;
    const tag = typeof metadata?.tag === 'string' ? metadata.tag : 'latest';
    return manifest.kind === 'npm'
      ? npmVersion(tree.root, manifest.name, registry, tag)
      : cargoVersion(tree.root, manifest.name, registry);
  }

  override async calculateNewVersion(
    currentVersion: string | null,
    newVersionInput: string,
    reason: string,
    reasonData: Record<string, unknown>,
    preid: string,
  ): Promise<{ newVersion: string; logText: string }> {
    // An exact version is also the way out of the disagreement.
    if (this.#fixed && /^(?:pre)?(?:major|minor|patch|release)$/.test(newVersionInput))
      this.#refuseDisagreement(currentVersion);
    return super.calculateNewVersion(currentVersion, newVersionInput, reason, reasonData, preid);
  }

  override async readCurrentVersionOfDependency(
    tree: Tree,
    projectGraph: ProjectGraph,
    dependencyProjectName: string,
  ): Promise<{ currentVersion: string | null; dependencyCollection: string | null }> {
    const target = projectGraph.nodes[dependencyProjectName]?.data.root;
    const found =
      target === undefined ? undefined : LockStep.over(tree).reference(this.projectGraphNode.data.root, target);
    return { currentVersion: found?.range ?? null, dependencyCollection: found?.collection ?? null };
  }

  override async updateProjectVersion(tree: Tree, newVersion: string): Promise<string[]> {
    const release = LockStep.over(tree);
    const own = this.#roots.flatMap(({ path }) => release.setVersion(path, newVersion));
    const before = new Set(release.changed);
    for (const root of release.find(this.#patterns('versions'))) release.setVersion(root, newVersion);
    const also = [...release.changed].filter((path) => !before.has(path));
    this.#keepFromFormatting(release);
    return [...new Set([...own, ...also])].map((path) => `✍️  New version ${newVersion} written to manifest: ${path}`);
  }

  override async updateProjectDependencies(tree: Tree, projectGraph: ProjectGraph): Promise<string[]> {
    const release = LockStep.over(tree);
    const before = new Set(release.changed);
    const roots = Object.values(projectGraph.nodes).map(({ data }) => data.root);
    const written = this.#groupMates.flatMap((mate) => mate.#roots.map(({ path }) => path));
    const notes = release.settle(
      [...new Set([...roots, ...written])],
      (root) => this.#referencesOf(root),
      release.find(this.#patterns('references')),
    );
    this.#keepFromFormatting(release);
    const also = [...release.changed].filter((path) => !before.has(path));
    return [...also.map((path) => `✍️  Carried over to ${path}`), ...notes];
  }

  get #fixed(): boolean {
    return this.releaseGroup.projectsRelationship === 'fixed';
  }

  #versions(tree: Tree): ManifestVersion[] {
    return LockStep.over(tree).versions(this.projectGraphNode.data.root);
  }

  #referencesOf(root: string): References {
    for (const mate of this.#groupMates) {
      const own = mate.#roots.find(({ path }) => path === root);
      if (own) return { prefix: mate.finalConfigForProject.versionPrefix ?? 'auto', protocols: own.protocols };
    }
    return { prefix: 'auto', protocols: true };
  }

  /**
   * Patterns of `versionActionsOptions`: manifests that are no project of the release, and follow it with their own version
   * (`versions`) or with their references to released packages (`references`).
   */
  #patterns(option: 'versions' | 'references'): string[] {
    const patterns = (this.finalConfigForProject.versionActionsOptions as Record<string, unknown>)[option] ?? [];
    if (Array.isArray(patterns) && patterns.every((pattern) => typeof pattern === 'string')) return patterns;
    throw new KrepisError({
      ...errors.RELEASE_OPTION,
      at: { path: 'nx.json' },
      reason: `release.version.versionActionsOptions.${option} is a list of patterns, as ["package.json"]`,
    });
  }

  /** Two versions in a fixed group: nobody can say which one the bump starts from. */
  #refuseDisagreement(currentVersion: string | null): void {
    if (!this.#tree) return;
    const release = LockStep.over(this.#tree);
    const roots = this.#groupMates.map((mate) => mate.projectGraphNode.data.root);
    const found = [...roots, ...release.find(this.#patterns('versions'))].flatMap((root) => release.versions(root));
    const versions = new Set(found.map(({ version }) => version));
    const fromDisk = this.finalConfigForProject.currentVersionResolver === 'disk';
    // A tag or a registry decides over manifests that only hold a place, as 0.0.0.
    if (versions.size < 2 || (!fromDisk && !versions.has(currentVersion ?? ''))) return;
    const width = Math.max(...[...versions].map((version) => version.length));
    const lines = found.map(({ path, version }) => `    ${version.padEnd(width)}  ${path}`);
    throw new KrepisError({
      ...errors.VERSIONS_DIFFER,
      reason: `release group ${this.releaseGroup.name} is fixed, and has\n${[...new Set(lines)].sort().join('\n')}`,
    });
  }

  #keepFromFormatting(release: LockStep): void {
    const known = new Set(this.manifestsToUpdate.map(({ manifestPath }) => manifestPath));
    for (const manifestPath of release.changed) {
      if (!known.has(manifestPath))
        this.manifestsToUpdate.push({ manifestPath, preserveLocalDependencyProtocols: true });
    }
  }
}

function interpolate(path: string, projectRoot: string, projectName: string): string {
  const text = path
    .replaceAll('{workspaceRoot}/', '')
    .replaceAll('{projectRoot}', projectRoot)
    .replaceAll('{projectName}', projectName);
  return text.replace(/^\.\//, '').replace(/\/$/, '') || '.';
}

async function npmVersion(cwd: string, name: string, registry: string | undefined, tag: string) {
  const scope = name.startsWith('@') ? `${name.slice(0, name.indexOf('/'))}:registry` : 'registry';
  const options = [...(registry === undefined ? [] : [`--${scope}=${registry}`]), `--tag=${tag}`];
  const logText = `npm, ${registry === undefined ? 'registry of .npmrc' : registry}, tag ${tag}`;
  const stdout = await output('npm', ['view', `${name}@${tag}`, 'version', ...options], cwd);
  return { currentVersion: stdout?.trim() || null, logText };
}

async function cargoVersion(cwd: string, name: string, registry: string | undefined) {
  // Cargo's registries have names; an address is meant for npm, in a group of both.
  const named = registry !== undefined && !registry.includes('://');
  const options = named ? ['--registry', registry] : [];
  const logText = `cargo, ${named ? registry : 'crates.io'}`;
  const stdout = await output('cargo', ['search', name, '--limit', '1', '--color', 'never', ...options], cwd);
  const found = stdout?.split('\n').find((line) => line.startsWith(`${name} = "`));
  return { currentVersion: found?.split('"')[1] ?? null, logText };
}

/** What a program prints; undefined if it fails or is not there: Nx then says that the registry has no answer. */
async function output(command: string, args: readonly string[], cwd: string): Promise<string | undefined> {
  const ended = await run({ command, arguments: args, cwd }).catch(() => undefined);
  return ended?.code === 0 ? ended.stdout : undefined;
}
