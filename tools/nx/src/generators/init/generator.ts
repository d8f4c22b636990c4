import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  type GeneratorCallback,
  installPackagesTask,
  readJson,
  readNxJson,
  type Tree,
  updateJson,
  updateNxJson,
} from '@nx/devkit';
import { errors, KrepisError } from '../../errors.ts';
import { findBinary } from '../../krepis/cli.ts';
import { run } from '../../process.ts';

/** Options of `nx g @krepis/nx:init`, which `nx add @krepis/nx` runs; see schema.json. */
export interface InitOptions {
  readonly inferTasks?: boolean;
  readonly skipPackageJson?: boolean;
  readonly skipInstall?: boolean;
}

/** What a workspace needs beside `@krepis/nx`: the command, and the package that makes `@krepis:KIND` resolve. */
const COMPANIONS = ['@krepis/cli', '@krepis/package.json'] as const;

/**
 * Sets Krepis up: the companions as direct dev dependencies (strict node_modules hide those of `@krepis/nx`), and
 * krepis.json, by `krepis init`, where the Nx root has none.
 */
export default function init(tree: Tree, options: InitOptions): GeneratorCallback {
  const added = options.skipPackageJson === true ? false : addCompanions(tree);
  if (options.inferTasks === true) registerPlugin(tree);
  const configured = tree.exists('krepis.json');
  return async () => {
    if (added && options.skipInstall !== true) installPackagesTask(tree, true);
    if (!configured) await krepisInit(tree.root);
  };
}

function addCompanions(tree: Tree): boolean {
  const versions = companionVersions(tree.root);
  const manifest = readJson<{ dependencies?: object; devDependencies?: object }>(tree, 'package.json');
  const there = { ...manifest.dependencies, ...manifest.devDependencies };
  const missing = COMPANIONS.filter((name) => !(name in there) && versions[name] !== undefined);
  if (missing.length === 0) return false;
  updateJson(tree, 'package.json', (json: { devDependencies?: Record<string, string> }) => {
    const all = { ...json.devDependencies, ...Object.fromEntries(missing.map((name) => [name, versions[name] ?? ''])) };
    const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
    return { ...json, devDependencies: Object.fromEntries(sorted) };
  });
  return true;
}

/** The versions (or tarballs) that the installed `@krepis/nx` itself asks for. */
function companionVersions(root: string): Readonly<Record<string, string>> {
  const load = createRequire(join(root, 'package.json'));
  const { dependencies } = load('@krepis/nx/package.json') as { dependencies?: Record<string, string> };
  return dependencies ?? {};
}

function registerPlugin(tree: Tree): void {
  const nxJson = readNxJson(tree) ?? {};
  const plugins = nxJson.plugins ?? [];
  if (plugins.some((plugin) => (typeof plugin === 'string' ? plugin : plugin.plugin) === '@krepis/nx')) return;
  updateNxJson(tree, { ...nxJson, plugins: [...plugins, '@krepis/nx'] });
}

async function krepisInit(root: string): Promise<void> {
  const { binary, env } = findBinary(root);
  const ended = await run({ command: binary, arguments: ['init'], cwd: root, env, echo: true });
  if (ended.code === 0) return;
  throw new KrepisError({ ...errors.CLI_BROKE, reason: `\`krepis init\` ended with ${ended.code}` });
}
