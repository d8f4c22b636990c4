import type { ErrorDefinition } from './errors.ts';

/** A place in a file. */
export interface Place {
  /** Relative to the workspace root, with `/`. */
  readonly path: string;
  /** Counted from 1; absent: unknown. */
  readonly line?: number;
  /** Counted from 1; absent: unknown. */
  readonly column?: number;
}

/** What {@link refuse} is told beside the row of the error table. */
export interface RefusalDetails {
  /** Values for the `{name}` placeholders of message and hint. */
  readonly values?: Readonly<Record<string, string | number>>;
  readonly at?: Place | undefined;
  /** Why it is so. */
  readonly reason?: string | undefined;
  /** Takes the place of the row's hint. */
  readonly hint?: string | undefined;
}

/**
 * A command's "no": it understood what was asked and will not propose a change. The master prints it without a stack and
 * writes nothing. Recognised by its `name`, so that two copies of this package do no harm.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** `KRP` and four digits. */
  readonly code: string;
  /** Exit code of the `krepis` process. */
  readonly exit: number;
  readonly at: Place | undefined;
  /** Why it is so. */
  readonly reason: string | undefined;
  /** What to do next. */
  readonly hint: string | undefined;

  constructor(definition: ErrorDefinition, details: RefusalDetails = {}) {
    const values = details.values ?? {};
    super(fill(definition.message, values));
    this.code = definition.code;
    this.exit = definition.exit;
    this.at = details.at;
    this.reason = details.reason;
    this.hint = details.hint ?? fill(definition.hint, values);
  }
}

/**
 * Ends a command with a {@link Refusal}.
 *
 * @param definition a row of your package's error table
 * @param details place, reason, and the values of the row's placeholders
 * @throws Refusal always
 *
 * @example
 * ```ts
 * const NO_TABLE = { code: 'ACME0001', exit: 1, message: 'there is no table {table}', hint: 'create it first' };
 * if (!tables.has(table)) refuse(NO_TABLE, { values: { table }, at: { path: 'schema.sql' } });
 * ```
 */
export function refuse(definition: ErrorDefinition, details: RefusalDetails = {}): never {
  throw new Refusal(definition, details);
}

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, key: string) => String(values[key] ?? placeholder));
}
