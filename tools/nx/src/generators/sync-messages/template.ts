import { posix } from 'node:path';
import type { Tree } from '@nx/devkit';
import { parse, YAMLParseError } from 'yaml';
import { errors, KrepisError } from '../../errors.ts';
import { readText, strings, type Table, table } from '../../manifests.ts';

/** One generation template (buf.gen.yaml), of version v1 or v2. Paths are relative to the Nx root, with `/`. */
export interface Template {
  readonly path: string;
  /** Where `buf generate` runs: the folder of the template. */
  readonly folder: string;
  /** Folders, or archives (`.zip`, `.jar`), that the plugins write. */
  readonly outputs: readonly string[];
  /** Whether buf empties the outputs first: what it no longer generates goes. Only v2 has it. */
  readonly clean: boolean;
  /** Commands of the plugins that run on this machine: the program, then its arguments. */
  readonly commands: readonly (readonly string[])[];
}

/**
 * Reads a template.
 *
 * @throws KrepisError KRP7013 with file, line and column; KRP7033 for an output outside the Nx root
 * @see https://buf.build/docs/configuration/v2/buf-gen-yaml/
 */
export function readTemplate(tree: Tree, path: string): Template {
  const folder = posix.dirname(path);
  const yaml = readYaml(path, readText(tree, path));
  const listed: readonly unknown[] = Array.isArray(yaml.plugins) ? yaml.plugins : [];
  const plugins = listed.map(table).filter((plugin) => plugin !== undefined);
  const outputs = plugins.flatMap(({ out }) => (typeof out === 'string' ? [output(path, folder, out)] : []));
  return {
    path,
    folder,
    outputs: [...new Set(outputs)].sort(),
    clean: yaml.clean === true,
    commands: plugins.map(command).filter((given) => given !== undefined),
  };
}

function output(path: string, folder: string, out: string): string {
  const joined = posix.join(folder, out.replaceAll('\\', '/')).replace(/(.)\/$/, '$1');
  if (posix.isAbsolute(out) || joined === '..' || joined.startsWith('../')) {
    throw new KrepisError({ ...errors.OUTPUT_OUTSIDE, at: { path }, reason: `\`out: ${out}\`` });
  }
  return joined;
}

/** The local command of a plugin: v2 `local`, v1 `path`, or the program that v1 finds by the plugin's name. */
function command(plugin: Table): string[] | undefined {
  for (const given of [plugin.local, plugin.path]) {
    if (typeof given === 'string') return [given];
    if (Array.isArray(given)) return strings(given);
  }
  const name = plugin.plugin ?? plugin.name;
  return typeof name === 'string' && !name.includes('/') ? [`protoc-gen-${name}`] : undefined;
}

function readYaml(path: string, text: string): Table {
  try {
    const yaml = table(parse(text));
    if (yaml) return yaml;
    throw new KrepisError({ ...errors.BROKEN_BUF, at: { path, line: 1 }, reason: 'it is not a mapping' });
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const at = { path, line: error.linePos?.[0].line, column: error.linePos?.[0].col };
    throw new KrepisError({ ...errors.BROKEN_BUF, at, reason: error.message.split('\n')[0] });
  }
}
