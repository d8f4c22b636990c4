/** Reads the cases under fixtures/ and derives their twins. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ts } from 'ts-morph';
import type { GenerateOptions } from '../index.ts';

/** Path to text. */
export type Files = Record<string, string>;

/** One case: what a generator is told, and what must come of it. */
export interface Case {
  readonly kind: string;
  readonly name: string;
  readonly folder: string;
  readonly input: Files;
  readonly options: GenerateOptions;
  /** The files that are new or changed; `undefined`: a refusal. */
  readonly expected: Files | undefined;
  /** Fields of the refusal; a text is a part of the real one. */
  readonly refused: Readonly<Record<string, unknown>> | undefined;
  readonly settings: Settings;
}

/** case.json: what is special about a case. */
export interface Settings {
  /** Twins that cannot be derived from it, each with the reason. */
  readonly without?: Readonly<Record<string, string>>;
  /** Texts the edit may take away, such as the word `type`. */
  readonly replaces?: readonly string[];
}

const root = join(__dirname, '..', '..', 'fixtures');

/** Every case, by folder name. */
export function readCases(): Case[] {
  return readdirSync(root).flatMap((kind) =>
    readdirSync(join(root, kind)).map((name) => {
      const folder = join(root, kind, name);
      const json = (file: string) => {
        const path = join(folder, file);
        return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
      };
      const refused = json('refused.json');
      return {
        kind,
        name,
        folder,
        input: readFolder(join(folder, 'input')),
        options: json('options.json'),
        expected: refused === undefined ? readFolder(join(folder, 'expected')) : undefined,
        refused,
        settings: json('case.json') ?? {},
      };
    }),
  );
}

function readFolder(folder: string): Files {
  if (!existsSync(folder)) return {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8')] as const;
    }),
  );
}

/** Writes what came of a case as what is expected: for authors, who read the difference before they commit it. */
export function writeExpected(
  { folder }: Case,
  outcome: Files | Readonly<Record<string, unknown>>,
  isRefusal: boolean,
): void {
  rmSync(join(folder, 'expected'), { recursive: true, force: true });
  rmSync(join(folder, 'refused.json'), { force: true });
  if (isRefusal) {
    writeFileSync(join(folder, 'refused.json'), `${JSON.stringify(outcome, null, 2)}\n`);
    return;
  }
  for (const [path, text] of Object.entries(outcome as Files)) {
    mkdirSync(dirname(join(folder, 'expected', path)), { recursive: true });
    writeFileSync(join(folder, 'expected', path), text);
  }
}

/** A change of every source text of a case that must change the outcome in the same way. */
export interface Twin {
  readonly name: string;
  /** `isNew`: the generator writes the file. */
  readonly change: (text: string, isNew: boolean) => string;
  /** Configuration that says the same where the code shows nothing. */
  readonly configuration?: (inputs: string) => Files;
}

const isConfigured = (input: Files): boolean =>
  Object.keys(input).some((path) => /\.prettierrc|biome\.json|\.editorconfig/.test(path));

/** The twins of a case: other line ends, a BOM, tabs, no semicolons, a shebang with licence and directive. */
export function twinsOf({ input, settings }: Case): Twin[] {
  const quote = (text: string) => (/"/.test(text) && !/'/.test(text) ? '"' : "'");
  const twins: Twin[] = [
    { name: 'crlf', change: (text) => text.replaceAll('\n', '\r\n') },
    { name: 'bom', change: (text, isNew) => (isNew ? text : `\uFEFF${text}`) },
    {
      name: 'shebang',
      change: (text, isNew) =>
        isNew
          ? text
          : `#!/usr/bin/env node\n/* Copyright of the shop. */\n${quote(text)}use strict${quote(text)};\n\n${text}`,
    },
  ];
  if (!isConfigured(input)) {
    twins.push(
      {
        name: 'tabs',
        change: (text) => text.replace(/^(?: {2})+/gm, (space) => '\t'.repeat(space.length / 2)),
        configuration: () => ({ '.editorconfig': '[*]\nindent_style = tab\n' }),
      },
      {
        name: 'no-semicolon',
        change: withoutSemicolons,
        configuration: (inputs) => ({
          '.prettierrc': JSON.stringify({ semi: false, singleQuote: quote(inputs) === "'", printWidth: 100 }),
        }),
      },
    );
  }
  return twins.filter(({ name }) => settings.without?.[name] === undefined);
}

/** The text without semicolons at the ends of lines, where the next line does not need one. */
function withoutSemicolons(text: string): string {
  const file = ts.createSourceFile('twin.ts', text, ts.ScriptTarget.Latest, true);
  const ends: number[] = [];
  const visit = (node: ts.Node): void => {
    const isStatement = ts.isStatement(node) && !ts.isEmptyStatement(node) && !ts.isForStatement(node);
    if ((isStatement || ts.isPropertyDeclaration(node) || ts.isTypeElement(node)) && text[node.end - 1] === ';')
      ends.push(node.end);
    ts.forEachChild(node, visit);
  };
  visit(file);
  const isFree = (end: number) => /^[ \t]*(?:\/\/.*)?\r?\n?$/.test(/^[^\n]*\n?/.exec(text.slice(end))?.[0] ?? '');
  const isSafe = (end: number) => !/^(?:\s|\/\/.*\n|\/\*[\s\S]*?\*\/)*(?!\/[/*])[[(`*+\-/]/.test(text.slice(end));
  return [...new Set(ends)]
    .sort((a, b) => b - a)
    .filter((end) => isFree(end) && isSafe(end))
    .reduce((result, end) => result.slice(0, end - 1) + result.slice(end), text);
}

/** A case with a twin's texts; what the generator is not asked to touch changes as well. */
export function derive(original: Case, twin: Twin): Case {
  const isSource = (path: string) => path.endsWith('.ts');
  const { input, expected } = original;
  const all = Object.entries(input)
    .map(([path, text]) => (isSource(path) ? text : ''))
    .join('');
  const mapped = Object.fromEntries(
    Object.entries(input).map(([path, text]) => [path, isSource(path) ? twin.change(text, false) : text]),
  );
  const change = (path: string, text: string) => (isSource(path) ? twin.change(text, input[path] === undefined) : text);
  return {
    ...original,
    input: { ...mapped, ...twin.configuration?.(all) },
    expected:
      expected && Object.fromEntries(Object.entries(expected).map(([path, text]) => [path, change(path, text)])),
  };
}
