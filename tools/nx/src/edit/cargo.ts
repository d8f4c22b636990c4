import picomatch from 'picomatch';
import { type AST, getStaticTOMLValue, ParseError, parseTOML } from 'toml-eslint-parser';
import { errors, KrepisError } from '../errors.ts';

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
  const { workspace } = getStaticTOMLValue(parsed(text)) as { workspace?: WorkspaceTable };
  if (workspace === undefined) throw new KrepisError({ ...errors.NO_MEMBERS, at: { path: ROOT } });
  return workspace;
}

/**
 * Makes a folder a member of the Cargo workspace; nothing changes where a pattern of `members` covers it.
 *
 * @param text of the root Cargo.toml; every byte but the new item stays
 * @param folder relative to the root, with `/`
 * @throws KrepisError KRP7010, KRP7056: also for a folder that `exclude` names
 */
export function addMember(text: string, folder: string): string {
  const { members = [], exclude = [] } = readWorkspaceTable(text);
  const clean = (pattern: string) => pattern.replace(/^\.\//, '').replace(/\/$/, '');
  if (exclude.map(clean).some((excluded) => folder === excluded || folder.startsWith(`${excluded}/`))) {
    throw new KrepisError({ ...errors.NO_MEMBERS, at: { path: ROOT }, reason: `\`exclude\` names ${folder}` });
  }
  if (members.some((pattern) => picomatch.isMatch(folder, clean(pattern)))) return text;
  const array = membersArray(parsed(text));
  if (!array) return withMembers(text, folder);
  const last = array.elements.at(-1);
  const quote = last && text[last.range[0]] === "'" ? "'" : '"';
  const item = `${quote}${folder}${quote}`;
  if (!last) return splice(text, array.range[0], array.range[1], `[${item}]`);
  const [, end] = last.range;
  const rest = text.slice(end, array.range[1]);
  const comma = /^\s*(?:#[^\n]*\s*)*,/.exec(rest);
  if (!text.slice(array.range[0], last.range[0]).includes('\n')) return splice(text, end, end, `, ${item}`);
  const indent = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', last.range[0]) + 1))?.[0] ?? '';
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const behind = end + (comma?.[0].length ?? 0);
  // A comment behind the last item stays behind it.
  const place = behind + (/^[ \t]*(?:#[^\r\n]*)?(?=\r?\n)/.exec(text.slice(behind))?.[0].length ?? 0);
  const added = splice(text, place, place, `${eol}${indent}${item}${comma ? ',' : ''}`);
  return comma ? added : splice(added, end, end, ',');
}

const ROOT = 'Cargo.toml';

function parsed(text: string): AST.TOMLProgram {
  try {
    return parseTOML(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const at = { path: ROOT, line: error.lineNumber, column: error.column };
    throw new KrepisError({ ...errors.BROKEN_CARGO_TOML, at, reason: error.message });
  }
}

function membersArray({ body: [top] }: AST.TOMLProgram): AST.TOMLArray | undefined {
  const find = (
    path: readonly (string | number)[],
    body: readonly (AST.TOMLKeyValue | AST.TOMLTable)[],
  ): AST.TOMLArray | undefined => {
    for (const node of body) {
      if (node.type === 'TOMLTable') {
        const found = find(node.resolvedKey, node.body);
        if (found) return found;
        continue;
      }
      const keys = node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
      if ([...path, ...keys].join('.') === 'workspace.members' && node.value.type === 'TOMLArray') return node.value;
    }
    return undefined;
  };
  return find([], top.body);
}

/** The first member of a workspace that had none. */
function withMembers(text: string, folder: string): string {
  const header = /^[ \t]*\[[ \t]*workspace[ \t]*\][^\n]*(?:\n|$)/m.exec(text);
  if (!header) throw new KrepisError({ ...errors.NO_MEMBERS, at: { path: ROOT } });
  const place = header.index + header[0].length;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  return splice(text, place, place, `${header[0].endsWith('\n') ? '' : eol}members = ["${folder}"]${eol}`);
}

function splice(text: string, start: number, end: number, replacement: string): string {
  return text.slice(0, start) + replacement + text.slice(end);
}
