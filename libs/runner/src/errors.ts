/** Every error code of the runner: 55xx, and 524x for what a plugin's process is denied. What a user meets is a `Problem` made by {@link problem}. */
import type { Place, Problem } from '@krepis/proto';

/** One row of the table. */
export interface ErrorCode {
  /** `KRP` and four digits. */
  readonly code: string;
  /** Exit code of the `krepis` process. */
  readonly exit: number;
  /** What the code means in general, for the reference. */
  readonly title: string;
}

/** The table that docs/reference/errors.md is made from. */
export const errors = {
  COMMAND_THREW: { code: 'KRP5501', exit: 70, title: 'a command threw an error' },
  UNHANDLED_REJECTION: { code: 'KRP5502', exit: 70, title: 'a command left a rejected promise unhandled' },
  COMMAND_EXITED: { code: 'KRP5503', exit: 70, title: 'a command ended its thread before it had a result' },
  COMMAND_TIMED_OUT: { code: 'KRP5504', exit: 70, title: 'a command ran longer than its time limit' },
  OUT_OF_MEMORY: { code: 'KRP5505', exit: 70, title: 'a command needed more memory than its limit' },
  NOT_A_CHANGE_SET: { code: 'KRP5506', exit: 70, title: 'a command returned something that is not a change set' },
  NOT_A_COMMAND: { code: 'KRP5507', exit: 70, title: "a command's module has no function as its default export" },
  MODULE_NOT_LOADED: { code: 'KRP5508', exit: 70, title: "a command's module cannot be loaded" },
  OPTIONS_MALFORMED: { code: 'KRP5509', exit: 2, title: "a command's options are not a JSON object" },
  BAD_FRAME: { code: 'KRP5510', exit: 70, title: 'the runner received a damaged frame' },
  PATH_REFUSED: { code: 'KRP5511', exit: 2, title: 'a command asked for a path that it may not read' },
  READ_FAILED: { code: 'KRP5512', exit: 70, title: 'a file of the workspace cannot be read' },
  QUERY_FAILED: { code: 'KRP5513', exit: 70, title: 'the analysis engine could not answer a command' },
  NOT_NODE: { code: 'KRP5514', exit: 70, title: 'the runner was started by something that is not a supported Node.js' },
  CONFIG_MALFORMED: { code: 'KRP5515', exit: 2, title: 'krepis.json, as a command sees it, is not JSON' },
  ACCESS_DENIED: { code: 'KRP5240', exit: 70, title: 'a plugin did something that it may not' },
} as const satisfies Record<string, ErrorCode>;

/** What a problem says beside its code and message. */
export interface ProblemDetails {
  readonly at?: Place | undefined;
  readonly reason?: string | undefined;
  readonly hint?: string | undefined;
}

/**
 * Makes the message for a code.
 *
 * @param code - a row of {@link errors}
 * @param message - one sentence without a final period, naming the thing
 * @example problem(errors.COMMAND_THREW, 'command `audit` threw', { reason: 'x is not a function' })
 */
export function problem(code: ErrorCode, message: string, details: ProblemDetails = {}): Problem {
  return { code: code.code, message, at: details.at, reason: details.reason, hint: details.hint };
}

/** An error of our own that knows its code; becomes a `Problem` where a command ends. */
export class RunnerError extends Error {
  override readonly name = 'RunnerError';
  readonly code: ErrorCode;
  readonly details: ProblemDetails;

  constructor(code: ErrorCode, message: string, details: ProblemDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }

  /** The same as a message. */
  toProblem(): Problem {
    return problem(this.code, this.message, this.details);
  }
}
