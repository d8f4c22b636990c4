/**
 * The text with comments, strings, template texts and regular expressions blanked out, so that a pattern meets code only.
 * Same length, same line breaks. A tokenizer, not a parser: a `/` begins a regular expression where no value can end before
 * it, which is right for everything but a few constructs that tests of generators do not hold.
 */
export function codeOnly(source: string): string {
  let out = '';
  let at = 0;
  // Depths of `{` at which a template's `${` was opened.
  const templates: number[] = [];
  let depth = 0;
  const blank = (end: number): void => {
    out += source.slice(at, end).replace(/[^\r\n]/g, ' ');
    at = end;
  };
  const template = (): void => {
    let end = at + 1;
    while (end < source.length && source[end] !== '`') {
      if (source[end] === '$' && source[end + 1] === '{') {
        templates.push(depth);
        depth += 1;
        blank(end + 2);
        return;
      }
      end += source[end] === '\\' ? 2 : 1;
    }
    blank(Math.min(end + 1, source.length));
  };
  while (at < source.length) {
    const rest = source.slice(at, at + 2);
    const char = source[at] as string;
    if (rest === '//' || (at === 0 && rest === '#!')) {
      blank(endOr(source.slice(at).search(/[\r\n]/), at, source));
    } else if (rest === '/*') {
      const end = source.indexOf('*/', at + 2);
      blank(end < 0 ? source.length : end + 2);
    } else if (char === "'" || char === '"') {
      const match = new RegExp(`${char}(?:\\\\[^]|[^\\\\${char}\\r\\n])*${char}?`, 'y');
      match.lastIndex = at;
      match.exec(source);
      blank(match.lastIndex);
    } else if (char === '`') {
      template();
    } else if (char === '}' && templates.at(-1) === depth - 1) {
      templates.pop();
      depth -= 1;
      template();
    } else if (
      char === '/' &&
      /(?:^|[=(,;:!&|?{}[\]+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void))\s*$/.test(out)
    ) {
      const match = /\/(?:\\.|\[(?:\\.|[^\]\\\r\n])*\]|[^/\\[\r\n])+\/[a-z]*/y;
      match.lastIndex = at;
      if (match.exec(source) === null) out += source[at++];
      else blank(match.lastIndex);
    } else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      out += char;
      at += 1;
    }
  }
  return out;
}

function endOr(found: number, at: number, source: string): number {
  return found < 0 ? source.length : at + found;
}
