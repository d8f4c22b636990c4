/** What was asked for does not exist. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
  readonly code: string;

  constructor(what: string, id: string) {
    super(`there is no ${what} ${id}`);
    this.code = `${what.toUpperCase()}_UNKNOWN`;
  }
}
