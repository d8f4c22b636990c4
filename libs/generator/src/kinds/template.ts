import type { Style } from '../edit/style.ts';

/**
 * A new file's text in a style. Templates are written with two spaces, single quotes, semicolons, trailing commas and `{ }`,
 * without a quote inside a text.
 */
export function layOut(lines: readonly string[], style: Style): string {
  return lines
    .map((line, index) => {
      const [, space = '', code = ''] = /^( *)(.*)$/.exec(line) ?? [];
      let text = code.replaceAll("'", style.quote);
      if (!style.semicolons) text = text.replace(/;$/, '');
      if (!style.trailingComma && /^\s*[}\])]/.test(lines[index + 1] ?? '')) text = text.replace(/,$/, '');
      if (!style.braceSpacing) text = text.replace(/\{ (.*?) \}/g, '{$1}');
      return `${style.indent.repeat(space.length / 2)}${text}${style.eol}`;
    })
    .join('');
}

/** Import lines in the order linters want: Node's, packages, then what lies far before what lies near. */
export function importLines(imports: readonly (readonly [names: string, specifier: string])[]): string[] {
  const rank = (specifier: string): number => {
    if (specifier.startsWith('node:')) return 0;
    if (specifier.startsWith('../')) return 2;
    return specifier.startsWith('./') ? 3 : 1;
  };
  return [...imports]
    .sort(([, a], [, b]) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0))
    .map(([names, specifier]) => `import ${names} from '${specifier}';`);
}
