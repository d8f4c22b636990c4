import type { View } from '@krepis/plugin';
import { drop, type Style } from '../edit/style.ts';
import { isRecord, readJson } from './json.ts';
import { below, upwards } from './paths.ts';

type Settings = Readonly<Record<string, unknown>>;

/** What Prettier's, Biome's and EditorConfig's files say about the layout of code in a folder; nothing is guessed. */
export function configuredStyle(view: View, folder: string): Partial<Style> {
  const directories = upwards(folder);
  return {
    ...fromEditorConfig(view, directories),
    ...first(directories, (directory) => fromBiome(view, directory)),
    ...first(directories, (directory) => fromPrettier(view, directory)),
  };
}

function first<T>(directories: readonly string[], read: (directory: string) => T | undefined): T | undefined {
  for (const directory of directories) {
    const found = read(directory);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Source: https://prettier.io/docs/options */
function fromPrettier(view: View, directory: string): Partial<Style> | undefined {
  const settings = prettierSettings(view, directory);
  if (settings === undefined) return undefined;
  const width = Number(settings.tabWidth ?? 2);
  const comma = settings.trailingComma;
  return drop({
    indent: settings.useTabs === true ? '\t' : ' '.repeat(width),
    // Prettier's default is the double quote: a configuration that says nothing means it.
    quote: settings.singleQuote === true ? "'" : '"',
    semicolons: settings.semi !== false,
    trailingComma: comma !== 'none',
    trailingParameterComma: comma === undefined || comma === 'all',
    braceSpacing: settings.bracketSpacing !== false,
    width: Number(settings.printWidth ?? 80),
    eol: settings.endOfLine === 'crlf' ? '\r\n' : undefined,
  });
}

function prettierSettings(view: View, directory: string): Settings | undefined {
  const own = readJson(view, below(directory, 'package.json'))?.prettier;
  if (isRecord(own)) return own;
  for (const name of ['.prettierrc', '.prettierrc.json', '.prettierrc.yaml', '.prettierrc.yml']) {
    const path = below(directory, name);
    const text = view.read(path);
    if (text !== undefined) return text.trimStart().startsWith('{') ? (readJson(view, path) ?? {}) : fromYaml(text);
  }
  return undefined;
}

/** The top level of a YAML file, as far as formatters' settings need it: `key: value`. */
function fromYaml(text: string): Settings {
  const settings: Record<string, unknown> = {};
  for (const [, key, value] of text.matchAll(/^(\w+)\s*:\s*(.+?)\s*(?:#.*)?$/gm)) {
    if (key === undefined || value === undefined) continue;
    const bare = value.replace(/^(['"])(.*)\1$/, '$2');
    settings[key] = bare === 'true' ? true : bare === 'false' ? false : bare;
  }
  return settings;
}

/** Source: https://biomejs.dev/reference/configuration */
function fromBiome(view: View, directory: string): Partial<Style> | undefined {
  const json = readJson(view, below(directory, 'biome.json')) ?? readJson(view, below(directory, 'biome.jsonc'));
  if (json === undefined) return undefined;
  const general = isRecord(json.formatter) ? json.formatter : {};
  const language = isRecord(json.javascript) ? json.javascript : {};
  const own = isRecord(language.formatter) ? language.formatter : {};
  const settings: Settings = { ...general, ...own };
  if (general.enabled === false || own.enabled === false) return undefined;
  const comma = settings.trailingCommas;
  return drop({
    indent: settings.indentStyle === 'space' ? ' '.repeat(Number(settings.indentWidth ?? 2)) : '\t',
    quote: settings.quoteStyle === 'single' ? "'" : '"',
    semicolons: settings.semicolons !== 'asNeeded',
    trailingComma: comma !== 'none',
    trailingParameterComma: comma === undefined || comma === 'all',
    braceSpacing: settings.bracketSpacing !== false,
    width: Number(settings.lineWidth ?? 80),
    eol: settings.lineEnding === 'crlf' ? '\r\n' : undefined,
  });
}

/** Source: https://spec.editorconfig.org; sections that match every file or `ts`, nearest folder last. */
function fromEditorConfig(view: View, directories: readonly string[]): Partial<Style> {
  const files: Partial<Style>[] = [];
  for (const directory of directories) {
    const text = view.read(below(directory, '.editorconfig'));
    if (text === undefined) continue;
    files.unshift(editorSettings(text));
    if (/^\s*root\s*=\s*true\s*$/im.test(text)) break;
  }
  return Object.assign({}, ...files) as Partial<Style>;
}

function editorSettings(text: string): Partial<Style> {
  const found: Record<string, string> = {};
  let applies = false;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1];
    if (section !== undefined) applies = section === '*' || /^\*\.(?:ts|\{.*\bts\b.*\})$/.test(section);
    const [, key, value] = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (applies && key !== undefined && value !== undefined) found[key.toLowerCase()] = value.toLowerCase();
  }
  const size = Number(found.indent_size ?? found.tab_width);
  const width = Number(found.max_line_length);
  const indent =
    found.indent_style === 'tab' ? '\t' : Number.isInteger(size) && size > 0 ? ' '.repeat(size) : undefined;
  return drop({
    indent,
    eol: found.end_of_line === 'crlf' ? '\r\n' : found.end_of_line === 'lf' ? '\n' : undefined,
    width: Number.isInteger(width) && width > 0 ? width : undefined,
  });
}
