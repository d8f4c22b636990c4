import { type ChangeSet, changes, refuse, type TextEdit, type View } from '@krepis/plugin';
import { errors } from '../errors.ts';
import { snapshotView } from '../project/snapshot-view.ts';
import { isDirective, parse, requireSyntax, type Source } from '../source.ts';
import { PieceTable } from './piece-table.ts';
import { prove } from './proof.ts';

/** A banner in front of the code that says whose file this is. */
const GENERATED = /@generated\b|\bdo not (?:edit|modify|change)\b/i;

/**
 * A change in the making. Steps see the files as earlier steps left them; in the end each file gets one list of edits, and
 * a proof that the edits left everything else alone.
 */
export class Draft {
  readonly view: View;
  readonly #tables = new Map<string, PieceTable>();
  readonly #parsed = new Map<string, Source>();
  readonly #created = new Map<string, string>();

  constructor(view: View) {
    this.view = snapshotView(view);
  }

  /** A file as it is or was created in this draft; `undefined` without one. Not judged for syntax errors. */
  peek(path: string): Source | undefined {
    const parsed = this.#parsed.get(path);
    if (parsed !== undefined) return parsed;
    const text = this.#created.get(path) ?? this.view.read(path);
    if (text === undefined) return undefined;
    const source = parse(path, text);
    this.#parsed.set(path, source);
    return source;
  }

  /**
   * A file that is to be edited or relied on.
   *
   * @throws Refusal KRP6103 if it does not parse
   */
  source(path: string, hint?: string): Source {
    const source = this.peek(path) ?? parse(path, '');
    return requireSyntax(source, hint);
  }

  /** Whether a path is there, in the view or in this draft. */
  exists(path: string): boolean {
    return this.#created.has(path) || this.view.exists(path);
  }

  /**
   * Edits a file; offsets count in {@link source}'s text.
   *
   * @throws Refusal KRP6110 if the file is generated
   */
  edit(path: string, edits: readonly TextEdit[]): void {
    if (edits.length === 0) return;
    const source = this.source(path);
    const code = source.file.statements.find((statement) => !isDirective(statement));
    const head = source.text.slice(0, code?.getStart(source.file) ?? source.text.length);
    const banner = GENERATED.exec(head.slice(0, 2000));
    if (banner !== null) {
      const line = head.slice(0, banner.index).split('\n').length;
      refuse(errors.GENERATED_FILE, {
        values: { path },
        at: { path, line, column: 1 },
        reason: `its banner says "${banner[0]}"`,
      });
    }
    const table = this.#tables.get(path) ?? new PieceTable(source.text);
    table.splice(edits);
    this.#tables.set(path, table);
    this.#parsed.set(path, parse(path, table.text));
  }

  /** Adds a file. */
  create(path: string, text: string): void {
    this.#created.set(path, text);
    this.#parsed.delete(path);
  }

  /**
   * The change; its title gets ": already there" if there is nothing to do.
   *
   * @throws Refusal KRP6118 if the proof fails
   */
  done(title: string): ChangeSet {
    const edited = [...this.#tables].filter(([, table]) => table.edits().length > 0);
    const isEmpty = edited.length === 0 && this.#created.size === 0;
    const builder = changes(this.view, isEmpty ? `${title}: already there` : title);
    for (const [path, text] of this.#created) builder.create(path, this.#tables.get(path)?.text ?? text);
    for (const [path, table] of edited) {
      if (this.#created.has(path)) continue;
      const edits = table.edits();
      prove(parse(path, table.original), edits, table.text);
      builder.edit(path, edits);
    }
    return builder.done();
  }
}
