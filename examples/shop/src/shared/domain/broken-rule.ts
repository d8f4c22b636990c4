/** Something the shop does not allow, whoever asks for it. */
export class BrokenRule extends Error {
  override readonly name = 'BrokenRule';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
