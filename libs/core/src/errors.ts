/**
 * Every failure `@krepis/core` reports, as code, exit status, message and next step. One table, so that
 * docs/reference/errors.md is generated from it. `{name}` in a text is filled in by {@link KrepisError}.
 *
 * KRP80xx dependency injection, KRP81xx modules and routes, KRP82xx life cycle, KRP83xx requests, KRP89xx testing.
 */
export const errors = {
  OUTSIDE_CONTEXT: {
    code: 'KRP8001',
    exit: 70,
    message: '{what}() was called outside an injection context',
    hint: 'call it in a field initialiser, a constructor, a provider factory or a route handler, before the first await',
  },
  NO_PROVIDER: {
    code: 'KRP8002',
    exit: 70,
    message: 'no provider for {token} in {module} (needed by {path}){elsewhere}',
    hint: 'add it to `providers` of that module, or import a module that exports it',
  },
  CYCLE: {
    code: 'KRP8003',
    exit: 70,
    message: 'providers need each other in a circle: {path}',
    hint: 'break it with `inject(TOKEN, { lazy: true })` on one side, or move what both need into a third provider',
  },
  NOT_READY: {
    code: 'KRP8004',
    exit: 70,
    message: '{token} has an async factory and is not ready yet (needed by {path})',
    hint: 'use `await injectAsync(TOKEN)` in an async factory, list it in `static inject`, or declare its provider earlier',
  },
  SEVERAL_PROVIDERS: {
    code: 'KRP8005',
    exit: 70,
    message: '{token} has several providers in {module} (needed by {path}): {modules}',
    hint: 'ask for all with `inject(TOKEN, { multi: true })`, or import only one module that exports it',
  },
  UNDECLARED_PARAMETERS: {
    code: 'KRP8006',
    exit: 70,
    message: "{token}'s constructor takes {count} parameter(s), but its `static inject` names {declared}",
    hint: 'use `readonly #dependency = inject(TOKEN)` fields, or `static readonly inject = [TOKEN, …] as const`',
  },
  DUPLICATE_PROVIDER: {
    code: 'KRP8101',
    exit: 70,
    message: '{token} is provided more than once in {module}',
    hint: 'remove one of them, or mark every one of them `multi: true`',
  },
  NOT_EXPORTABLE: {
    code: 'KRP8102',
    exit: 70,
    message: '{module} exports {token}, which it neither provides nor imports',
    hint: 'add it to `providers` or `imports` of that module, or take it out of `exports`',
  },
  NOT_A_MODULE_PART: {
    code: 'KRP8103',
    exit: 70,
    message: '{list}[{index}] of {module} is {found}, not {expected}',
    hint: 'an `undefined` here is nearly always a circle of file imports: import the part from the file that declares it',
  },
  MODULE_CYCLE: {
    code: 'KRP8104',
    exit: 70,
    message: 'modules import each other in a circle: {path}',
    hint: 'move what both need into a third module',
  },
  BAD_ROUTE: {
    code: 'KRP8105',
    exit: 70,
    message: 'route {route} cannot be registered: {reason}',
    hint: "write a route as 'GET /path/:parameter', its prefix as '/prefix'",
  },
  DUPLICATE_ROUTE: {
    code: 'KRP8106',
    exit: 70,
    message: '{route} is declared twice: by {first} and by {second}',
    hint: 'remove one of them or change its path',
  },
  CANNOT_LISTEN: {
    code: 'KRP8201',
    exit: 70,
    message: 'cannot listen on {address}: {reason}',
    hint: 'choose another port or host, or stop the process that holds it; port 0 takes any free one',
  },
  CLOSED: {
    code: 'KRP8202',
    exit: 70,
    message: 'the app was asked to {what} after it was closed',
    hint: 'create a new app; a closed one cannot be started again',
  },
  SHUTDOWN_TIMEOUT: {
    code: 'KRP8203',
    exit: 70,
    message: 'shutdown did not finish within {ms} ms; still busy: {busy}',
    hint: 'end that work when shutdown starts, or raise `shutdown.deadlineMs`',
  },
  SHUTDOWN_FAILED: {
    code: 'KRP8204',
    exit: 70,
    message: '{count} shutdown hook(s) failed: {names}',
    hint: '`cause.errors` of this error holds what each of them threw',
  },
  INVALID_REQUEST: {
    code: 'KRP8301',
    exit: 70,
    message: 'the request does not have the form this route asks for',
    hint: 'see `errors` of the problem document: each entry names the part, the path and what is wrong there',
  },
  UNUSED_OVERRIDE: {
    code: 'KRP8901',
    exit: 70,
    message: 'the test overrides {token}, which no module provides',
    hint: 'override the token that the code injects, or remove the override',
  },
  LEAK: {
    code: 'KRP8902',
    exit: 70,
    message: 'the app left {count} resource(s) open after it was closed: {resources}',
    hint: 'end them in `onShutdown()`; `createTestApp(module, { leaks: false })` turns this check off',
  },
  LATE_OVERRIDE: {
    code: 'KRP8903',
    exit: 70,
    message: '{token} was overridden after the test app had started',
    hint: 'call `override()` before the first `inject()`, `get()` or `listen()`',
  },
} as const;

/** The name of a failure in the {@link errors} table. */
export type ErrorName = keyof typeof errors;

/**
 * A failure of the framework or of how it is used: a stable code, one sentence, and what to do next.
 *
 * @example
 * ```ts
 * catch (error) { if (error instanceof KrepisError && error.code === 'KRP8002') … }
 * ```
 */
export class KrepisError extends Error {
  override readonly name = 'KrepisError';
  /** `KRP` and four digits; never reused for another failure. */
  readonly code: string;
  /** What to do next, in one sentence. */
  readonly hint: string;

  constructor(name: ErrorName, values: Readonly<Record<string, string | number>> = {}, options?: ErrorOptions) {
    const entry = errors[name];
    super(`${entry.code}: ${fill(entry.message, values)}\n  hint: ${fill(entry.hint, values)}`, options);
    this.code = entry.code;
    this.hint = fill(entry.hint, values);
  }
}

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, key: string) => String(values[key] ?? placeholder));
}
