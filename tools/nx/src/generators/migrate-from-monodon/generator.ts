import { posix } from 'node:path';
import {
  type CreateNodesContext,
  type GeneratorCallback,
  globAsync,
  installPackagesTask,
  logger,
  type NxJsonConfiguration,
  type TargetConfiguration,
  type Tree,
} from '@nx/devkit';
import type { JSONPath } from 'jsonc-parser';
import { parse } from 'smol-toml';
import { readJsonText, removeJson, setJson } from '../../edit/json.ts';
import { errors, KrepisError } from '../../errors.ts';
import { record } from '../../krepis/record.ts';
import { createNodes } from '../../plugin.ts';
import { editNxJson, lockFiles } from '../init/generator.ts';
import type { Subject } from './commands.ts';
import { migrateTarget, type Outcome, type WrittenTarget } from './targets.ts';

/** Options of `nx g @krepis/nx:migrate-from-monodon`; see schema.json. */
export interface MigrateOptions {
  readonly keepConfigurations?: boolean;
  readonly skipInstall?: boolean;
}

const RIVAL = '@monodon/rust';

/** Notes by file, in the order the files were looked at. */
type Notes = Map<string, string[]>;

/**
 * Turns a workspace with `@monodon/rust` 3 into one with `@krepis/nx`, as one operation that `krepis undo` takes back.
 *
 * Targets that inference gives go out of project.json, and with them a project.json that says nothing else; every other
 * target becomes a command that does what it did. nx.json and package.json lose what names the old plugin. What cannot
 * be carried over is printed, never dropped silently. A second run changes nothing.
 *
 * @throws KrepisError KRP7050 without nx.json; KRP7051 for a file that cannot be read; KRP7010 and others of the graph
 */
export default async function migrate(tree: Tree, options: MigrateOptions): Promise<GeneratorCallback> {
  const nxText = tree.read('nx.json', 'utf8');
  if (nxText === null) throw new KrepisError({ ...errors.NO_NX, at: { path: 'nx.json' } });
  const nxJson = readJsonText<NxJsonConfiguration>('nx.json', nxText);
  const inferred = await inferredTargets(tree, nxJson);
  const notes: Notes = new Map();

  const manifests = await globAsync(tree, ['**/{project,package}.json']);
  for (const path of manifests.filter((path) => !path.includes('node_modules/'))) {
    migrateManifest(tree, path, { nxJson, inferred, options, notes });
  }
  migrateNxJson(tree, nxJson, notes);
  const removed = removePackage(tree, notes);
  if (tree.listChanges().length === 0) {
    return () => logger.info(`${RIVAL} is named nowhere: nothing to migrate.`);
  }
  await editNxJson(tree, {});
  await noteMentions(tree, notes);

  const install = removed && options.skipInstall !== true;
  const also = install ? lockFiles(tree.root) : [];
  const close = await record(tree, { generator: 'migrate-from-monodon', title: 'migrate-from-monodon', also });
  print(notes);
  return async () => {
    try {
      if (install) installPackagesTask(tree, true);
    } finally {
      await close?.();
    }
    logger.info(
      'Look at the graph with `nx graph`, and run `nx run-many -t build test lint`. `krepis undo` takes all of it back.',
    );
  };
}

type Inferred = ReadonlyMap<string, Readonly<Record<string, TargetConfiguration>>>;

/** What our plugin gives, by project root, whatever project.json says. */
async function inferredTargets(tree: Tree, nxJsonConfiguration: NxJsonConfiguration): Promise<Inferred> {
  const [pattern, infer] = createNodes;
  const files = await globAsync(tree, [pattern]);
  const entry = nxJsonConfiguration.plugins?.find(
    (plugin) => typeof plugin === 'object' && plugin.plugin === '@krepis/nx',
  );
  const pluginOptions = typeof entry === 'object' ? (entry.options as Parameters<typeof infer>[1]) : undefined;
  const context: CreateNodesContext = { workspaceRoot: tree.root, nxJsonConfiguration };
  const found = new Map<string, Readonly<Record<string, TargetConfiguration>>>();
  for (const [, { projects }] of await infer(files, pluginOptions, context)) {
    for (const [root, { targets }] of Object.entries(projects ?? {}))
      found.set(root, { ...found.get(root), ...targets });
  }
  return found;
}

interface Context {
  readonly nxJson: NxJsonConfiguration;
  readonly inferred: Inferred;
  readonly options: MigrateOptions;
  readonly notes: Notes;
}

interface ProjectJson {
  readonly name?: string;
  readonly targets?: Readonly<Record<string, WrittenTarget>>;
}

/** project.json, or the `nx` table of a package.json. */
function migrateManifest(tree: Tree, path: string, { nxJson, inferred, options, notes }: Context): void {
  const before = tree.read(path, 'utf8') ?? '';
  if (!before.includes(RIVAL)) return;
  const inPackage = posix.basename(path) === 'package.json';
  const json = readJsonText<ProjectJson & { readonly nx?: ProjectJson }>(path, before);
  const project = inPackage ? json.nx : json;
  const prefix: JSONPath = inPackage ? ['nx'] : [];
  const root = posix.dirname(path);
  const subject = subjectOf(tree, root, project?.name ?? json.name);
  let text = releaseActions(before, prefix, project);
  for (const [name, target] of Object.entries(project?.targets ?? {})) {
    const defaults = (nxJson.targetDefaults as Record<string, WrittenTarget> | undefined)?.[target.executor ?? ''];
    const outcome = migrateTarget({
      name,
      target,
      defaults,
      subject,
      inferred: inferred.get(root) ?? {},
      keepConfigurations: options.keepConfigurations !== false,
    });
    const key = [...prefix, 'targets', name];
    if (outcome.action === 'remove') text = removeJson(text, key);
    if (outcome.action === 'write') text = setJson(text, key, outcome.target);
    note(notes, path, ...outcome.notes, ...kept(name, target, outcome));
    for (const line of differences(target, outcome)) {
      if (!notes.get(EVERYWHERE)?.includes(line)) note(notes, EVERYWHERE, line);
    }
  }
  if (text === before) return;
  if (inPackage) tree.write(path, withoutEmpty(path, text, ['nx', 'targets'], ['nx']));
  else if (saysNothing(path, text, tree, subject)) tree.delete(path);
  else tree.write(path, withoutEmpty(path, text, ['targets']));
}

/** What is still written for a target, and why. */
function kept(name: string, { executor }: WrittenTarget, { action, target }: Outcome): string[] {
  if (action !== 'write' || target === undefined) return [];
  const own = 'executor' in target || 'command' in target;
  return [
    own
      ? `\`${name}\` is a command of its own now: inference does not give ${executor} with these options.`
      : `\`${name}\` is inferred; ${Object.keys(target).join(', ')} stay on top.`,
  ];
}

const EVERYWHERE = 'In all projects';

/** Where the inferred targets do more than monodon's. */
function differences({ executor }: WrittenTarget, { target }: Outcome): string[] {
  if (target && ('executor' in target || 'command' in target)) return [];
  const found = ['Artefacts are in the target folder of Cargo, not in dist/target/NAME: crates share what they build.'];
  if (executor === `${RIVAL}:lint`)
    found.push('`lint` is `cargo clippy --all-targets -- -D warnings`: warnings fail it now.');
  if (executor === `${RIVAL}:check`)
    found.push('`build` of a library was `cargo check`; it is `cargo build` now, and `check` is a target.');
  return executor?.startsWith(`${RIVAL}:`) ? found : [];
}

function subjectOf(tree: Tree, root: string, project: string | undefined): Subject {
  const path = posix.join(root, 'Cargo.toml');
  const text = tree.read(path, 'utf8');
  const manifest = text === null ? undefined : (parse(text) as { package?: { name?: unknown } });
  const crate = typeof manifest?.package?.name === 'string' ? manifest.package.name : undefined;
  return { project: project ?? crate ?? root, crate: crate ?? project ?? posix.basename(root), root };
}

/** `release.version.versionActions` of a project. */
function releaseActions(text: string, prefix: JSONPath, project: object | undefined): string {
  return replaceStrings(text, prefix, project, (value) => (value === ACTIONS ? '@krepis/nx/release' : undefined));
}

const ACTIONS = '@monodon/rust/src/release/version-actions';

function replaceStrings(
  text: string,
  key: JSONPath,
  value: unknown,
  replace: (value: string) => string | undefined,
): string {
  if (typeof value === 'string') {
    const replacement = replace(value);
    return replacement === undefined ? text : setJson(text, key, replacement);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return text;
  return Object.entries(value).reduce(
    (result, [name, inner]) => replaceStrings(result, [...key, name], inner, replace),
    text,
  );
}

/** Takes tables out that have become empty. */
function withoutEmpty(path: string, text: string, ...keys: readonly string[][]): string {
  return keys.reduce((result, key) => {
    const value = key.reduce<unknown>(
      (at, name) => (at as Record<string, unknown> | undefined)?.[name],
      readJsonText(path, result),
    );
    return typeof value === 'object' && value !== null && Object.keys(value).length === 0
      ? removeJson(result, key)
      : result;
  }, text);
}

/** True if inference gives all that is left in a project.json. */
function saysNothing(path: string, text: string, tree: Tree, { project, crate, root }: Subject): boolean {
  const {
    name,
    $schema: _,
    sourceRoot,
    projectType: __,
    tags,
    targets,
    ...rest
  } = readJsonText<Record<string, unknown>>(path, text);
  // A folder with a package.json may get that one's name; where they differ the written name must stay.
  const packageText = tree.read(posix.join(root, 'package.json'), 'utf8');
  const packageName =
    packageText === null ? crate : readJsonText<{ name?: string }>(`${root}/package.json`, packageText).name;
  const empty = (value: unknown) => value === undefined || Object.keys(value as object).length === 0;
  const sameName = name === undefined || (name === crate && packageName === crate);
  const sameSource = sourceRoot === undefined || posix.normalize(String(sourceRoot)) === posix.join(root, 'src');
  return sameName && sameSource && project !== '' && empty(tags) && empty(targets) && empty(rest);
}

function migrateNxJson(tree: Tree, nxJson: NxJsonConfiguration, notes: Notes): void {
  const before = tree.read('nx.json', 'utf8') ?? '';
  if (!before.includes(RIVAL)) return;
  let text = before;
  const plugins = nxJson.plugins ?? [];
  for (let index = plugins.length - 1; index >= 0; index -= 1) {
    const entry = plugins[index];
    const isRival = (typeof entry === 'string' ? entry : entry?.plugin) === RIVAL;
    if (!isRival) continue;
    if (typeof entry === 'object') note(notes, 'nx.json', `The entry ${JSON.stringify(entry)} of \`plugins\` is gone.`);
    text = removeJson(text, ['plugins', index]);
  }
  for (const [executor, value] of Object.entries(nxJson.targetDefaults ?? {})) {
    if (!executor.startsWith(`${RIVAL}:`)) continue;
    note(
      notes,
      'nx.json',
      `targetDefaults of ${executor} are gone; projects with targets of it have them now: ${JSON.stringify(value)}`,
    );
    text = removeJson(text, ['targetDefaults', executor]);
  }
  for (const [name, value] of Object.entries((nxJson.generators ?? {}) as Record<string, unknown>)) {
    if (name !== RIVAL && !name.startsWith(`${RIVAL}:`)) continue;
    note(
      notes,
      'nx.json',
      `Defaults of the generators of ${name} are gone: ${JSON.stringify(value)}. Ours is @krepis/nx:crate.`,
    );
    text = removeJson(text, ['generators', name]);
  }
  text = releaseActions(text, ['release'], nxJson.release);
  tree.write('nx.json', withoutEmpty('nx.json', text, ['plugins'], ['targetDefaults'], ['generators']));
}

function removePackage(tree: Tree, notes: Notes): boolean {
  const before = tree.read('package.json', 'utf8');
  if (before === null) return false;
  const text = ['dependencies', 'devDependencies'].reduce(
    (result, table) => removeJson(result, [table, RIVAL]),
    before,
  );
  if (text === before) return false;
  tree.write('package.json', text);
  const { devDependencies } = readJsonText<{ devDependencies?: Record<string, string> }>('package.json', text);
  const napi = devDependencies?.['@napi-rs/cli'];
  if (napi?.includes('alpha')) note(notes, 'package.json', `@napi-rs/cli ${napi} stays; a stable 3 is there by now.`);
  return true;
}

/** Files outside of what is edited that still name the old plugin or its target folders. */
async function noteMentions(tree: Tree, notes: Notes): Promise<void> {
  const files = await globAsync(tree, [
    '**/*.{json,yml,yaml,sh,js,cjs,mjs,ts,cts,mts,toml,md}',
    '**/{Dockerfile,Makefile,Justfile}*',
  ]);
  for (const path of files) {
    if (/(?:^|\/)(?:node_modules|dist)\/|(?:package-lock\.json|pnpm-lock\.yaml)$/.test(path) || !tree.exists(path))
      continue;
    const lines = (tree.read(path, 'utf8') ?? '').split('\n');
    lines.forEach((line, index) => {
      if (line.includes(RIVAL)) note(notes, path, `line ${index + 1} still names ${RIVAL}: ${line.trim()}`);
      else if (/dist\/target\/\w/.test(line) && !path.endsWith('project.json')) {
        note(notes, path, `line ${index + 1} names a target folder; all crates share one now: ${line.trim()}`);
      }
    });
  }
}

function note(notes: Notes, path: string, ...lines: readonly string[]): void {
  if (lines.length > 0) notes.set(path, [...(notes.get(path) ?? []), ...lines]);
}

function print(notes: Notes): void {
  for (const [path, lines] of notes) logger.info(`${path}\n${lines.map((line) => `  - ${line}`).join('\n')}`);
}
