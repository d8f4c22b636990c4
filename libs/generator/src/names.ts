import { refuse } from '@krepis/plugin';
import { ts } from 'ts-morph';
import { errors } from './errors.ts';

/** A name in the spellings that generated code needs. */
export interface Name {
  /** `user-profile`: of files and routes. */
  readonly kebab: string;
  /** `UserProfile`: of classes. */
  readonly pascal: string;
  /** `userProfile`: of constants. */
  readonly camel: string;
  /** Folders in front of it: `orders` in `orders/refund`. */
  readonly folders: readonly string[];
}

/**
 * Reads a name as a user writes it: `billing`, `user-profile`, `UserProfile`, `orders/refund`. A class name that ends with
 * the kind, `BillingService`, means the same as without it.
 *
 * @throws Refusal KRP6003
 */
export function parseName(text: string, what: string): Name {
  const bad = (): never => refuse(errors.BAD_NAME, { values: { name: text, what } });
  const parts = text.split('/');
  if (!parts.every((part) => /^\p{L}[\p{L}\p{N}_-]*$/u.test(part))) bad();
  const folders = parts.slice(0, -1);
  const last = parts.at(-1) as string;
  const suffix = what.charAt(0).toUpperCase() + what.slice(1);
  const isClassName = /^\p{Lu}/u.test(last) && last.endsWith(suffix) && last.length > suffix.length;
  const words = wordsOf(isClassName ? last.slice(0, -suffix.length) : last);
  if (words.length === 0) bad();
  const pascal = words.map(capital).join('');
  const camel = pascal.charAt(0).toLowerCase() + pascal.slice(1);
  if (!isIdentifier(pascal)) bad();
  return { kebab: words.join('-'), pascal, camel, folders };
}

/** `BillingService` as `billingService`, `HTTPClient` as `httpClient`, `ORDER_REPOSITORY` as `orderRepository`. */
export function camelCase(name: string): string {
  const [first = '', ...rest] = wordsOf(name);
  const camel = first + rest.map(capital).join('');
  // A class `Delete` would give a word that nothing can be called.
  return ts.identifierToKeywordKind(ts.factory.createIdentifier(camel)) === undefined && isIdentifier(camel)
    ? camel
    : `${camel}_`;
}

/** Whether a text is one identifier. */
export function isIdentifier(text: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(text);
}

function wordsOf(name: string): string[] {
  return name
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1-$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1-$2')
    .split(/[-_]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
