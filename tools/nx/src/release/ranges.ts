import { parse, satisfies } from 'semver';

/** Whose rules a range follows: a bare `1.2.3` is exact for npm and `^1.2.3` for Cargo. */
export type Dialect = 'npm' | 'cargo';

/** What becomes of a range: another text, the same text because it takes in the new version, or a refusal. */
export type Carried =
  | { readonly kind: 'changed'; readonly range: string }
  | { readonly kind: 'kept' }
  | { readonly kind: 'refused' };

const SIMPLE = /^(\s*)([~^=]?)(\s*)(v?)(\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)(\s*)$/;

/**
 * The range that stands for `version` in the form the old one had: exact, `^` and `~` stay so, and `0.1` stays as short.
 *
 * A pre-release is written out in full, since a short range never takes one in. Ranges of several comparators, `*` and tags
 * are somebody's decision: they are kept if they take in the version, and refused otherwise.
 *
 * @param prefix `auto` keeps the operator; anything else replaces it, as `release.version.versionPrefix` says
 * @example
 * carry('^0.1.0', '0.2.0', 'npm'); // { kind: 'changed', range: '^0.2.0' }
 * carry('>=0.1.0 <1', '0.2.0', 'npm'); // { kind: 'kept' }
 */
export function carry(range: string, version: string, dialect: Dialect, prefix = 'auto'): Carried {
  const simple = SIMPLE.exec(range);
  if (simple) {
    const [, before = '', operator = '', blank = '', v = '', old = '', after = ''] = simple;
    const parts = old.split(/[-+]/, 1)[0]?.split('.').length ?? 3;
    const next = parse(version);
    const short = parts < 3 && next !== null && next.prerelease.length === 0;
    const number = short ? [next.major, next.minor, next.patch].slice(0, parts).join('.') : version;
    const carried = `${before}${prefix === 'auto' ? operator : prefix}${blank}${v}${number}${after}`;
    return carried === range ? { kind: 'kept' } : { kind: 'changed', range: carried };
  }
  // A tag (`latest`) is no range; it says nothing about the version.
  if (dialect === 'npm' && /^[A-Za-z][\w.-]*$/.test(range.trim()) && !/^[xX]$/.test(range.trim()))
    return { kind: 'kept' };
  return satisfies(version, dialect === 'cargo' ? cargoRange(range) : range) ? { kind: 'kept' } : { kind: 'refused' };
}

/** A Cargo requirement in npm's terms: commas mean "and", a bare version means `^`. */
function cargoRange(range: string): string {
  return range
    .split(',')
    .map((part) => part.trim())
    .map((part) => (/^\d/.test(part) && !part.includes('*') ? `^${part}` : part))
    .join(' ');
}
