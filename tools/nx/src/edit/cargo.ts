import { posix } from 'node:path';
import { type AST, parseTOML } from 'toml-eslint-parser';
import { among, isExcluded } from '../cargo/members.ts';
import { errors, KrepisError } from '../errors.ts';
import { parseToml, strings, table } from '../manifests.ts';
import { type ArraySpan, insertElement, removeElement, sortedIndex } from './array.ts';

/** Lists of `[workspace]` that name folders of members. */
export type MemberList = 'members' | 'default-members';

/**
 * Adds and removes entries of a list of `[workspace]`; nothing else in the text changes.
 *
 * A missing list is made behind the table's header. Entries go in where a sorted list stays sorted, else at the end.
 *
 * @returns the new text; undefined if the table is written in a form this cannot edit (inline, or by dotted keys)
 * @example editMembers('[workspace]\nmembers = ["b"]\n', 'members', { add: ['a'], remove: [] })
 */
export function editMembers(
  text: string,
  list: MemberList,
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): string | undefined {
  let edited = text;
  for (const entry of remove) {
    const found = findList(edited, list);
    const index = found?.values.indexOf(entry) ?? -1;
    if (!found || index < 0) return undefined;
    edited = removeElement(edited, found.span, index, '#');
  }
  for (const [at, entry] of add.entries()) {
    const found = findList(edited, list);
    if (!found) return at === 0 ? withList(edited, list, add) : undefined;
    edited = insertElement(
      edited,
      found.span,
      sortedIndex(found.values, entry),
      quoted(entry, edited, found.span),
      '#',
    );
  }
  return edited;
}

interface FoundList {
  readonly span: ArraySpan;
  readonly values: readonly string[];
}

function findList(text: string, list: MemberList): FoundList | undefined {
  const array = keyValues(text).find(({ path }) => path === `workspace.${list}`)?.value;
  if (array?.type !== 'TOMLArray') return undefined;
  return {
    span: {
      start: array.range[0],
      end: array.range[1],
      elements: array.elements.map(({ range: [start, end] }) => ({ start, end })),
    },
    values: array.elements.map((element) => (element.type === 'TOMLValue' ? String(element.value) : '')),
  };
}

function keyValues(text: string): { path: string; value: AST.TOMLContentNode }[] {
  const [top] = parseTOML(text).body;
  return top.body.flatMap((node) => {
    if (node.type === 'TOMLKeyValue') return [{ path: keys(node.key), value: node.value }];
    return node.body.map(({ key, value }) => ({ path: `${node.resolvedKey.join('.')}.${keys(key)}`, value }));
  });
}

const keys = (key: AST.TOMLKey) =>
  key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value)).join('.');

/** Puts a new list behind `[workspace]`; where only tables below it are written, such a header comes before the first. */
function withList(text: string, list: MemberList, entries: readonly string[]): string | undefined {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const line = `${list} = [${entries.map((entry) => JSON.stringify(entry)).join(', ')}]${newline}`;
  const tables = parseTOML(text).body[0].body.filter((node) => node.type === 'TOMLTable');
  const own = tables.find(({ resolvedKey }) => resolvedKey.join('.') === 'workspace');
  if (own) {
    const header = text.indexOf('\n', own.key.range[1]);
    return header < 0 ? `${text}${newline}${line}` : text.slice(0, header + 1) + line + text.slice(header + 1);
  }
  const below = tables.find(({ resolvedKey }) => resolvedKey[0] === 'workspace');
  if (!below) return undefined;
  const at = below.range[0];
  return `${text.slice(0, at)}[workspace]${newline}${line}${newline}${text.slice(at)}`;
}

/** The entry as a TOML string, with the quotes its neighbours have. */
function quoted(entry: string, text: string, { elements: [first] }: ArraySpan): string {
  return first && text[first.start] === "'" ? `'${entry}'` : JSON.stringify(entry);
}

/** What a root Cargo.toml hands down to its members. */
export interface WorkspaceTable {
  readonly members?: readonly string[];
  readonly exclude?: readonly string[];
  /** `[workspace.package]`. */
  readonly package?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, unknown>>;
  /** `[workspace.lints]`. */
  readonly lints?: unknown;
}

/**
 * `[workspace]` of a root Cargo.toml.
 *
 * @throws KrepisError KRP7010 with line and column if it does not parse; KRP7056 if it has no such table
 */
export function readWorkspaceTable(text: string): WorkspaceTable {
  const workspace = table(parseToml(ROOT, text).workspace);
  if (workspace === undefined) throw new KrepisError({ ...errors.NO_MEMBERS, at: { path: ROOT } });
  return workspace;
}

/**
 * Makes a folder a member of the Cargo workspace at the root; nothing changes where a pattern of `members` covers it.
 *
 * @param text of the root Cargo.toml; every byte but the new item stays
 * @param folder relative to the root, with `/`
 * @throws KrepisError KRP7010, KRP7056: also for a folder that `exclude` names
 */
export function addMember(text: string, folder: string): string {
  const { members } = readWorkspaceTable(text);
  const manifest = { root: '.', toml: parseToml(ROOT, text) };
  if (isExcluded(manifest, folder)) {
    throw new KrepisError({ ...errors.NO_MEMBERS, at: { path: ROOT }, reason: `\`exclude\` names ${folder}` });
  }
  const covers = among([folder]);
  if (strings(members).some((pattern) => covers(posix.normalize(pattern).replace(/\/$/, '')).length > 0)) return text;
  const edited = editMembers(text, 'members', { add: [folder], remove: [] });
  if (edited === undefined) throw new KrepisError({ ...errors.NO_MEMBERS, at: { path: ROOT } });
  return edited;
}

const ROOT = 'Cargo.toml';
