/** Bytes as text, a BOM kept. Ill-formed sequences become U+FFFD. */
export function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** The UTF-8 length of `text.slice(start, end)`. */
export function byteLength(text: string, start: number, end: number): number {
  return Buffer.byteLength(text.slice(start, end), 'utf8');
}

/** Whether an offset lies between the halves of a surrogate pair. */
export function splitsCharacter(text: string, offset: number): boolean {
  const isHigh = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;
  const isLow = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;
  return isHigh(text.charCodeAt(offset - 1)) && isLow(text.charCodeAt(offset));
}
