import { createHash } from 'node:crypto';

/** Lower-case sha256 hex of a content; text is taken as UTF-8. */
export function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
