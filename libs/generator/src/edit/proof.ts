import { refuse, type TextEdit } from '@krepis/plugin';
import { ts } from 'ts-morph';
import { errors } from '../errors.ts';
import { commentsIn, parse, placeAt, type Source, syntaxErrors } from '../source.ts';

/** A token or a comment: what has to survive. */
interface Mark {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Proves an edit: the result parses, and every token and comment of the original that lies outside the replaced spans is
 * still there, in order. So nothing was swallowed by a comment, glued to its neighbour or moved.
 *
 * @throws Refusal KRP6118
 */
export function prove(before: Source, edits: readonly TextEdit[], after: string): void {
  const result = parse(before.path, after);
  const values = { path: before.path };
  const [error] = syntaxErrors(result);
  if (error !== undefined) {
    refuse(errors.UNPROVEN, {
      values,
      at: placeAt(result, error.start),
      reason: `the result does not parse: ${ts.flattenDiagnosticMessageText(error.messageText, ' ')}`,
    });
  }
  const remaining = marksOf(result);
  let next = 0;
  for (const mark of marksOf(before)) {
    if (edits.some((edit) => edit.start < mark.end && edit.end > mark.start)) continue;
    while (next < remaining.length && remaining[next]?.text !== mark.text) next += 1;
    if (next === remaining.length) {
      refuse(errors.UNPROVEN, {
        values,
        at: placeAt(before, mark.start),
        reason: `\`${mark.text}\` would be lost or moved`,
      });
    }
    next += 1;
  }
}

function marksOf({ text, file }: Source): Mark[] {
  const marks: Mark[] = [];
  let at = 0;
  const visit = (node: ts.Node): void => {
    if (node.kind >= ts.SyntaxKind.FirstJSDocNode && node.kind <= ts.SyntaxKind.LastJSDocNode) return;
    const children = node.getChildren(file);
    if (children.length > 0) {
      children.forEach(visit);
      return;
    }
    const start = node.getStart(file, false);
    if (node.end < start || (node.end === start && node.kind !== ts.SyntaxKind.EndOfFileToken)) return;
    for (const comment of commentsIn(text, at, start))
      marks.push({ ...comment, text: text.slice(comment.start, comment.end) });
    if (node.end > start) marks.push({ start, end: node.end, text: text.slice(start, node.end) });
    at = node.end;
  };
  const shebang = ts.getShebang(text);
  if (shebang !== undefined) {
    marks.push({ start: 0, end: shebang.length, text: shebang });
    at = shebang.length;
  }
  visit(file);
  return marks;
}
