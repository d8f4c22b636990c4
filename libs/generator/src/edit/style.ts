import { ts } from 'ts-morph';
import { indentAt, isFirstOnLine, type Source, walk } from '../source.ts';

/** How code is laid out. */
export interface Style {
  readonly eol: '\n' | '\r\n';
  /** One level of indentation. */
  readonly indent: string;
  readonly quote: "'" | '"';
  readonly semicolons: boolean;
  /** A comma after the last element of a list with one element per line. */
  readonly trailingComma: boolean;
  /** The same for parameters. */
  readonly trailingParameterComma: boolean;
  /** `{ a }`, not `{a}`. */
  readonly braceSpacing: boolean;
  /** Longest line. */
  readonly width: number;
}

/** What is used where neither code nor configuration says anything. */
export const defaultStyle: Style = {
  eol: '\n',
  indent: '  ',
  quote: "'",
  semicolons: true,
  trailingComma: true,
  trailingParameterComma: true,
  braceSpacing: true,
  width: 80,
};

/** The style of a file: what its own code shows, else `fallback`. */
export function styleOf(source: Source, fallback: Style): Style {
  return { ...fallback, ...evidenceIn(source) };
}

/** What a file's code shows; nothing is guessed. */
export function evidenceIn({ text, file }: Source): Partial<Style> {
  const quotes = new Votes<"'" | '"'>();
  const semicolons = new Votes<boolean>();
  const indents = new Votes<string>();
  const commas = new Votes<boolean>();
  const parameterCommas = new Votes<boolean>();
  const spacing = new Votes<boolean>();

  const list = (elements: ts.NodeArray<ts.Node>, owner: ts.Node, votes: Votes<boolean>, end: number): void => {
    const last = elements.at(-1);
    if (last === undefined) return;
    if (text.slice(last.end, end).includes('\n')) votes.add(elements.hasTrailingComma === true);
    indentsOf(elements, owner);
  };
  const indentsOf = (elements: ts.NodeArray<ts.Node>, owner: ts.Node): void => {
    const outer = indentAt(text, owner.getStart(file));
    for (const element of elements.slice(0, 3)) {
      const start = element.getStart(file);
      if (!isFirstOnLine(text, start)) continue;
      const inner = indentAt(text, start);
      if (inner.startsWith(outer) && inner.length > outer.length) indents.add(inner.slice(outer.length));
    }
  };
  walk(file, (node) => {
    if (ts.isStringLiteral(node)) {
      const quote = text[node.getStart(file)];
      // A string that holds the other quote may have been written so to avoid escapes.
      if ((quote === "'" || quote === '"') && !/['"]/.test(node.text) && !ts.isJsxAttribute(node.parent))
        quotes.add(quote);
    } else if (ts.isArrayLiteralExpression(node)) {
      list(node.elements, node, commas, node.end - 1);
    } else if (ts.isObjectLiteralExpression(node)) {
      list(node.properties, node, commas, node.end - 1);
      vote(node.properties, node, spacing);
    } else if (ts.isNamedImports(node)) {
      list(node.elements, node, commas, node.end - 1);
      vote(node.elements, node, spacing);
    } else if (ts.isConstructorDeclaration(node) || ts.isMethodDeclaration(node)) {
      const close = node.body === undefined ? node.end : node.body.getStart(file);
      if (node.parameters.length > 0) list(node.parameters, node, parameterCommas, text.lastIndexOf(')', close));
    } else if (ts.isClassLike(node)) {
      indentsOf(node.members, node);
    } else if (ts.isBlock(node)) {
      indentsOf(node.statements, node);
    }
    if (endsWithSemicolon(node)) semicolons.add(text[node.end - 1] === ';');
  });

  function vote(elements: ts.NodeArray<ts.Node>, node: ts.Node, votes: Votes<boolean>): void {
    const first = elements[0];
    if (first === undefined || text.slice(node.getStart(file), node.end).includes('\n')) return;
    votes.add(text[node.getStart(file) + 1] === ' ');
  }

  const crlf = text.split('\r\n').length - 1;
  const breaks = text.split('\n').length - 1;
  return drop({
    eol: breaks === 0 ? undefined : crlf * 2 > breaks ? '\r\n' : '\n',
    indent: indents.winner(),
    quote: quotes.winner(),
    semicolons: semicolons.winner(),
    trailingComma: commas.winner(),
    trailingParameterComma: parameterCommas.winner(),
    braceSpacing: spacing.winner(),
  });
}

function endsWithSemicolon(node: ts.Node): boolean {
  return (
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    ts.isVariableStatement(node) ||
    ts.isExpressionStatement(node) ||
    ts.isReturnStatement(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isTypeAliasDeclaration(node)
  );
}

class Votes<T> {
  readonly #counts = new Map<T, number>();

  add(value: T): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  /** The value with most votes; the first one of equals. */
  winner(): T | undefined {
    let best: T | undefined;
    let most = 0;
    for (const [value, count] of this.#counts) {
      if (count > most) {
        best = value;
        most = count;
      }
    }
    return best;
  }
}

/** The fields that have a value. */
export function drop(style: { readonly [Key in keyof Style]?: Style[Key] | undefined }): Partial<Style> {
  return Object.fromEntries(Object.entries(style).filter(([, value]) => value !== undefined));
}
