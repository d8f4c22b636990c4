import { type Node, parseTree } from 'jsonc-parser';
import { type ArraySpan, insertElement, removeElement, sortedIndex } from '../../edit/array.ts';
import { setProperty, spanOf } from '../../sync/json-edit.ts';

/**
 * Adds and removes project references; comments, layout and every other byte stay.
 *
 * A new reference is written as its neighbours are, and goes in where a sorted list stays sorted, else at the end.
 *
 * @param remove indices of references, from 0
 * @param add paths as they are to be written
 * @example editReferences('{ "references": [] }', [], ['../a']) // '{ "references": [{ "path": "../a" }] }'
 */
export function editReferences(text: string, remove: readonly number[], add: readonly string[]): string {
  let edited = text;
  for (const index of [...remove].sort((a, b) => b - a)) {
    const found = findReferences(edited);
    if (found) edited = removeElement(edited, found.span, index, '//');
  }
  for (const path of add) {
    const found = findReferences(edited);
    if (!found) {
      const references = [...add].sort().map((reference) => ({ path: reference }));
      return setProperty(edited, ['references'], references);
    }
    const at = sortedIndex(found.paths, path);
    edited = insertElement(edited, found.span, at, element(edited, found, at, path), '//');
  }
  return edited;
}

interface Found {
  readonly span: ArraySpan;
  readonly paths: readonly string[];
  readonly nodes: readonly Node[];
}

function findReferences(text: string): Found | undefined {
  const root = parseTree(text, [], { allowTrailingComma: true });
  const property = root?.children?.find(({ children }) => children?.[0]?.value === 'references');
  const array = property?.children?.[1];
  if (array?.type !== 'array') return undefined;
  const nodes = array.children ?? [];
  return {
    span: spanOf(array),
    paths: nodes.map((node) => String(pathOf(node)?.value ?? '')),
    nodes,
  };
}

function pathOf(node: Node): Node | undefined {
  return node.children?.find(({ children }) => children?.[0]?.value === 'path')?.children?.[1];
}

/** The neighbour's text with the other path, if its path is all it says; else the plain form. */
function element(text: string, { nodes }: Found, at: number, path: string): string {
  const neighbour = nodes[at - 1] ?? nodes[at];
  const value = neighbour && neighbour.children?.length === 1 ? pathOf(neighbour) : undefined;
  if (!neighbour || !value) return `{ "path": ${JSON.stringify(path)} }`;
  const before = text.slice(neighbour.offset, value.offset);
  const after = text.slice(value.offset + value.length, neighbour.offset + neighbour.length);
  return before + JSON.stringify(path) + after;
}
