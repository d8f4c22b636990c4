import { ts } from 'ts-morph';
import { baseOf, below, directoryOf } from '../project/paths.ts';
import type { Project } from '../project/project.ts';
import { suffixIn, targetOf } from '../project/specifiers.ts';
import { endWithTrailingComments, isDirective, lineStart, type Source } from '../source.ts';
import type { Draft } from './draft.ts';
import { styleOf } from './style.ts';

/**
 * Adds a new file to the `index.ts` beside it, if that is a barrel: nothing but re-exports of its neighbours. In its form
 * (`export *` or by name) and its order, if it has one.
 */
export function addToBarrel(draft: Draft, path: string, name: string, project: Project): void {
  const barrel = below(directoryOf(path), 'index.ts');
  if (barrel === path || draft.view.read(barrel) === undefined) return;
  const source = draft.source(barrel);
  const exports = reExportsIn(source);
  if (exports === undefined) return;
  const bare = path.replace(/\.[cm]?tsx?$/, '');
  if (exports.some((declaration) => targetOf(specifierOf(declaration), barrel, project) === bare)) return;

  const style = styleOf(source, project.style);
  const specifier = `./${baseOf(bare)}${suffixIn(source) ?? project.importSuffix}`;
  const names = exports.every(({ exportClause }) => exportClause === undefined)
    ? '*'
    : style.braceSpacing
      ? `{ ${name} }`
      : `{${name}}`;
  const statement = `export ${names} from ${style.quote}${specifier}${style.quote}${style.semicolons ? ';' : ''}`;
  const next = sortedBefore(exports, specifier);
  if (next !== undefined) {
    const start = lineStart(source.text, next.getStart(source.file));
    const bom = start === 0 && source.text.charCodeAt(0) === 0xfeff ? 1 : 0;
    draft.edit(barrel, [{ start: start + bom, end: start + bom, text: `${statement}${style.eol}` }]);
    return;
  }
  const last = exports.at(-1) as ts.ExportDeclaration;
  const end = endWithTrailingComments(source.text, last.end, source.file.endOfFileToken.getStart(source.file));
  draft.edit(barrel, [{ start: end, end, text: `${style.eol}${statement}` }]);
}

/** The statements of a barrel; `undefined` if the file is not one. */
function reExportsIn({ file }: Source): ts.ExportDeclaration[] | undefined {
  const exports = file.statements.filter(ts.isExportDeclaration);
  const isBarrel =
    exports.length > 0 &&
    exports.length === file.statements.filter((statement) => !isDirective(statement)).length &&
    exports.every(
      ({ moduleSpecifier }) =>
        moduleSpecifier !== undefined && /^\.\//.test((moduleSpecifier as ts.StringLiteral).text),
    );
  return isBarrel ? exports : undefined;
}

function specifierOf({ moduleSpecifier }: ts.ExportDeclaration): string {
  return (moduleSpecifier as ts.StringLiteral).text;
}

/** The first statement a specifier sorts before, in a sorted barrel without comments of its own lines there. */
function sortedBefore(exports: readonly ts.ExportDeclaration[], specifier: string): ts.ExportDeclaration | undefined {
  const specifiers = exports.map(specifierOf);
  const isSorted = specifiers.every((value, index) => index === 0 || (specifiers[index - 1] as string) <= value);
  if (specifiers.length < 2 || !isSorted) return undefined;
  const next = exports.find((declaration) => specifierOf(declaration) > specifier);
  return next !== undefined && next.getFullText().trimStart() === next.getText() ? next : undefined;
}
