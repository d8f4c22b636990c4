import { refuse } from '@krepis/plugin';
import { addToBarrel } from '../edit/barrel.ts';
import type { Draft } from '../edit/draft.ts';
import type { Export } from '../edit/imports.ts';
import { errors } from '../errors.ts';
import { modulesIn } from '../modules/declaration.ts';
import { addToModule, type ModuleKey } from '../modules/metadata.ts';
import { type FoundModule, nearestModule } from '../modules/nearest.ts';
import type { Name } from '../names.ts';
import type { Options } from '../options.ts';
import { below, directoryOf } from '../project/paths.ts';
import { type Dialect, type Project, projectAt } from '../project/project.ts';
import { specifierFor } from '../project/specifiers.ts';
import { parse, type Source } from '../source.ts';
import { besides, folderFor } from './placement.ts';
import { type Registration, registrationTest } from './registration-test.ts';

/** What is the same in every kind that writes a file and registers it in a module. */
export interface Part {
  /** The file's name by dialect, without folder. */
  readonly fileName: Readonly<Record<Dialect, string>>;
  /** The export's name by dialect. */
  readonly exportName: Readonly<Record<Dialect, string>>;
  readonly key: Readonly<Record<Dialect, ModuleKey>>;
  /** The new file's text. */
  readonly text: (context: Context) => string | Promise<string>;
  /** Whether an existing file declares it. */
  readonly isDeclaredIn: (source: Source, name: string) => boolean;
  /** What the test asks for; `undefined`: there is no test. */
  readonly subject?: (context: Context) => Registration['subject'];
}

/** Where a part is being written. */
export interface Context {
  readonly draft: Draft;
  readonly name: Name;
  /** The new file. */
  readonly path: string;
  readonly exportName: string;
  readonly dialect: Dialect;
  /** The module it is registered in. */
  readonly module: FoundModule;
  /** With the style and import suffix of new files. */
  readonly project: Project;
}

/** Writes a part, registers it in the nearest module, and writes the test that shows so; leaves what is there already. */
export async function writeRegistered(draft: Draft, name: Name, options: Options, part: Part): Promise<void> {
  const folder = folderFor(draft.view, name, options);
  const base = projectAt(draft.view, folder);
  const { module, dialect } = await findModule(draft, folder, base, options, part);
  const path = below(folder, part.fileName[dialect]);
  const exportName = part.exportName[dialect];
  const context: Context = {
    draft,
    name,
    path,
    exportName,
    dialect,
    module,
    project: besides(draft, base, module.path),
  };
  const element: Export = { name: exportName, from: { file: path } };

  if (draft.exists(path)) {
    const existing = draft.source(path);
    if (!part.isDeclaredIn(existing, exportName))
      refuse(errors.PATH_TAKEN, { values: { path, name: exportName }, at: { path } });
    addToModule(draft, module, part.key[dialect], element, projectAt(draft.view, directoryOf(module.path)));
    return;
  }
  const test = options.tests ? testOf(context, part) : undefined;
  draft.create(path, await part.text(context));
  addToModule(draft, module, part.key[dialect], element, projectAt(draft.view, directoryOf(module.path)));
  addToBarrel(draft, path, exportName, context.project);
  if (test !== undefined && !draft.exists(test.path)) draft.create(test.path, test.text);
}

async function findModule(draft: Draft, folder: string, base: Project, options: Options, part: Part) {
  // The dialect may be known only by the module, and the file's name by the dialect: every candidate path lies in the folder.
  const guess = base.dialect ?? 'krepis';
  const module = await nearestModule(draft, {
    name: part.exportName[guess],
    path: below(folder, part.fileName[guess]),
    module: options.module,
    dialect: base.dialect,
  });
  return { module, dialect: module.dialect };
}

function testOf(context: Context, part: Part): { readonly path: string; readonly text: string } | undefined {
  const subject = part.subject?.(context);
  if (subject === undefined) return undefined;
  const { draft, module, project, dialect } = context;
  const path = context.path.replace(/\.ts$/, `.${project.tests.suffix}.ts`);
  const declaration = modulesIn(draft.source(module.path)).find(({ name }) => name === module.name);
  if (declaration?.exported !== true) {
    refuse(errors.NOT_EXPORTED, {
      values: { name: module.name },
      at: module.place,
      reason: 'the test imports it',
      hint: `write \`export\` before ${module.name}, or leave the test out with \`--no-tests\``,
    });
  }
  const specifier = specifierFor(parse(path, ''), module.path, project);
  return { path, text: registrationTest({ dialect, module: { name: module.name, specifier }, subject }, project) };
}

/** The specifier by which a new file imports another one. */
export function specifierFrom(context: Context, path: string, target: string): string {
  return specifierFor(parse(path, ''), target, context.project);
}

/** The subject of a test that gets the part's class. */
export function classSubject(context: Context): Registration['subject'] {
  return { name: context.exportName, specifier: specifierFrom(context, context.path, context.path) };
}
