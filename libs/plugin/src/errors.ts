/** One row of an error table. */
export interface ErrorDefinition {
  /** `KRP` and four digits; never reused for another failure. */
  readonly code: string;
  /** Exit code of the `krepis` process. */
  readonly exit: number;
  /** What is wrong, in one sentence without a final period; `{name}` is filled in by `refuse`. */
  readonly message: string;
  /** What to do next; `{name}` is filled in as well. */
  readonly hint: string;
}

/** Every failure of the change builder; a command meets them only if it asks for something impossible. */
export const errors = {
  TARGET_EXISTS: {
    code: 'KRP6901',
    exit: 1,
    message: '{path} exists already',
    hint: 'edit it, or choose another path',
  },
  TARGET_MISSING: {
    code: 'KRP6902',
    exit: 1,
    message: 'there is no file {path} to {operation}',
    hint: 'check the path; it is relative to the workspace root and has `/` between its parts',
  },
  TARGET_TWICE: {
    code: 'KRP6903',
    exit: 1,
    message: '{path} is changed twice in one change set',
    hint: 'make one operation of both',
  },
  EDIT_OUTSIDE: {
    code: 'KRP6904',
    exit: 1,
    message: 'an edit of {path} has the span {start}..{end}, but the text has {length} UTF-16 units',
    hint: 'take offsets from the text that `view.read` returned',
  },
  EDIT_OVERLAP: {
    code: 'KRP6905',
    exit: 1,
    message: 'two edits of {path} overlap at {start}',
    hint: 'make one edit of both',
  },
  EDIT_INSIDE_CHARACTER: {
    code: 'KRP6906',
    exit: 1,
    message: 'an edit of {path} cuts the character at {start} in two',
    hint: 'an offset cannot lie between the halves of a surrogate pair',
  },
  NOT_UTF8: {
    code: 'KRP6907',
    exit: 1,
    message: '{path} is not UTF-8 text',
    hint: 'replace the whole file, or convert it to UTF-8 first',
  },
} as const satisfies Record<string, ErrorDefinition>;
