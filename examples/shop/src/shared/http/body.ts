import type { StandardIssue, StandardSchema } from '@krepis/core';

/**
 * Reads one value of a JSON body and notes what is wrong with it. A library such as zod does the same and more; the shop's
 * two bodies do not need one.
 */
export class BodyReader {
  readonly issues: StandardIssue[] = [];

  record(value: unknown, path: readonly PropertyKey[] = []): Readonly<Record<string, unknown>> {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    this.#report('must be an object', path);
    return {};
  }

  text(value: unknown, path: readonly PropertyKey[]): string {
    if (typeof value === 'string' && value.trim() !== '') return value;
    this.#report('must be a text that is not empty', path);
    return '';
  }

  whole(value: unknown, path: readonly PropertyKey[]): number {
    if (Number.isSafeInteger(value)) return value as number;
    this.#report('must be a whole number', path);
    return 0;
  }

  list(value: unknown, path: readonly PropertyKey[]): readonly unknown[] {
    if (Array.isArray(value)) return value;
    this.#report('must be a list', path);
    return [];
  }

  #report(message: string, path: readonly PropertyKey[]): void {
    this.issues.push({ message, path });
  }
}

/** A Standard Schema from a function that reads a body. */
export function bodySchema<T>(read: (reader: BodyReader, body: unknown) => T): StandardSchema<unknown, T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'shop',
      validate: (body) => {
        const reader = new BodyReader();
        const value = read(reader, body);
        return reader.issues.length === 0 ? { value } : { issues: reader.issues };
      },
    },
  };
}
