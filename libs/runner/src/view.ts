/** The workspace as a command sees it: the disk below the root, with pending content over it. Read only. */
import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { ClassSite, Entry, Read, View } from '@krepis/plugin';
import { errors, RunnerError } from './errors.ts';
import type { Answer } from './worker-protocol.ts';

/** What a view is made of. */
export interface ViewSetup {
  /** Absolute path of the workspace. */
  readonly root: string;
  /** Pending content; an entry without content is a deleted file. */
  readonly overlay?: readonly { readonly path: string; readonly content?: Uint8Array | undefined }[];
  /** Text of krepis.json, or empty. */
  readonly configJson?: string;
  /** Asks the analysis engine; blocks until it has answered. */
  readonly findClasses: (className: string) => Answer;
}

/** No command reads what belongs to git and to the history. Case is folded as on macOS and Windows. */
const CLOSED = ['.git', '.krepis'];

/**
 * A view over the disk. Every file looked at is recorded with its digest, so that the master sees when a plan has gone
 * stale between planning and applying.
 *
 * @example
 * const view = new DiskView({ root: '/projects/shop', findClasses: () => ({ classes: [] }) });
 * view.read('package.json');
 * view.reads(); // [{ path: 'package.json', digest: '…' }]
 */
export class DiskView implements View {
  readonly #root: string;
  readonly #realRoot: string;
  readonly #overlay = new Map<string, Uint8Array | undefined>();
  readonly #reads = new Map<string, string>();
  readonly #ask: (className: string) => Answer;
  readonly #configJson: string;
  #config: { readonly value: unknown } | undefined;

  constructor(setup: ViewSetup) {
    this.#root = setup.root;
    this.#realRoot = real(setup.root) ?? setup.root;
    this.#ask = setup.findClasses;
    this.#configJson = setup.configJson ?? '';
    for (const { path, content } of setup.overlay ?? []) this.#overlay.set(path, content);
  }

  /** The file as UTF-8 text (a BOM stays), or undefined if there is none. */
  read(path: string): string | undefined {
    const bytes = this.readBytes(path);
    return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  }

  /** The file's bytes, or undefined if there is none. */
  readBytes(path: string): Uint8Array | undefined {
    const clean = cleanPath(path);
    if (this.#overlay.has(clean)) return this.#record(clean, this.#overlay.get(clean));
    const target = this.#resolve(clean);
    if (target === undefined) return this.#record(clean, undefined);
    try {
      return this.#record(target.path, readFileSync(target.file));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return this.#record(clean, undefined);
      throw new RunnerError(errors.READ_FAILED, `reading ${clean} failed`, { reason: (error as Error).message });
    }
  }

  /** True if there is a file or a folder. */
  exists(path: string): boolean {
    const clean = cleanPath(path, true);
    if (this.#overlay.has(clean)) return this.#record(clean, this.#overlay.get(clean)) !== undefined;
    if (this.#isPendingFolder(clean)) return true;
    const target = this.#resolve(clean);
    if (target !== undefined && statSync(target.file, { throwIfNoEntry: false })?.isDirectory()) return true;
    return this.readBytes(clean) !== undefined;
  }

  /** What a folder holds, sorted by name; empty if there is no such folder. `.git` and `.krepis` are left out. */
  list(folder: string): Entry[] {
    const clean = cleanPath(folder, true);
    const kinds = new Map<string, Entry['kind']>();
    const target = this.#resolve(clean);
    for (const entry of target === undefined ? [] : entriesOf(target.file, clean)) {
      if (!isClosed(entry.name)) kinds.set(entry.name, kindOf(entry));
    }
    const prefix = clean === '' ? '' : `${clean}/`;
    for (const [path, content] of this.#overlay) {
      if (!path.startsWith(prefix)) continue;
      const [name, ...below] = path.slice(prefix.length).split('/') as [string, ...string[]];
      if (below.length > 0) {
        if (content !== undefined) kinds.set(name, 'directory');
      } else if (content === undefined) kinds.delete(name);
      else kinds.set(name, 'file');
    }
    return [...kinds].map(([name, kind]) => ({ name, kind })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Every declaration of a class of that name below the root. */
  async findClasses(name: string): Promise<readonly ClassSite[]> {
    const answer = this.#ask(name);
    if (!answer.error) return answer.classes.map(({ path, line, name, exported }) => ({ path, line, name, exported }));
    const { message, at, reason, hint } = answer.error;
    throw new RunnerError(errors.QUERY_FAILED, `asking for class ${name}: ${message}`, { at, reason, hint });
  }

  /** The parsed krepis.json, comments and trailing commas allowed; undefined where the workspace has none. */
  get config(): unknown {
    if (this.#configJson === '') return undefined;
    try {
      this.#config ??= { value: JSON.parse(plainJson(this.#configJson)) };
    } catch (error) {
      throw new RunnerError(errors.CONFIG_MALFORMED, 'krepis.json is not JSON', { reason: String(error) });
    }
    return this.#config.value;
  }

  /** What was looked at so far: sha256 in hexadecimal digits, or the empty string where nothing was there. */
  reads(): Read[] {
    return [...this.#reads].map(([path, digest]) => ({ path, digest }));
  }

  #record<Content extends Uint8Array | undefined>(path: string, content: Content): Content {
    // The master keeps no digests of what package managers own: it would refuse the path.
    if (!path.split('/').includes('node_modules') && !this.#reads.has(path)) {
      this.#reads.set(path, content === undefined ? '' : createHash('sha256').update(content).digest('hex'));
    }
    return content;
  }

  #isPendingFolder(path: string): boolean {
    for (const [pending, content] of this.#overlay) {
      if (content !== undefined && pending.startsWith(`${path}/`)) return true;
    }
    return false;
  }

  /** Where a path really lies, links followed; undefined if nothing is there. */
  #resolve(path: string): { readonly file: string; readonly path: string } | undefined {
    const file = real(join(this.#root, path));
    if (file === undefined) {
      this.#refuseLinkedParents(path);
      return undefined;
    }
    return { file, path: this.#inside(file, path) };
  }

  /** A path that is not there may still lie behind a link that leaves the workspace. */
  #refuseLinkedParents(path: string): void {
    for (let parent = path; parent.includes('/'); ) {
      parent = parent.slice(0, parent.lastIndexOf('/'));
      const file = real(join(this.#root, parent));
      if (file !== undefined) {
        this.#inside(file, path);
        return;
      }
    }
  }

  #inside(file: string, path: string): string {
    const below = relative(this.#realRoot, file).split(sep).join('/');
    if (below === '..' || below.startsWith('../') || /^([A-Za-z]:|\/)/.test(below)) {
      throw refused(path, 'it leads through a symbolic link out of the workspace');
    }
    if (below.split('/').some(isClosed)) throw refused(path, 'it leads through a symbolic link into a closed folder');
    return below;
  }
}

/** JSON without the comments and trailing commas that the master's reader allows. Strings are kept as they are. */
export function plainJson(text: string): string {
  const withoutComments = text.replace(
    /("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, string?: string) => string ?? ' ',
  );
  return withoutComments
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_, string?: string) => string ?? '')
    .replace(/^\ufeff/, '');
}

function cleanPath(path: unknown, allowRoot = false): string {
  if (typeof path !== 'string') throw refused(String(path), 'it is not a string');
  if (allowRoot && (path === '' || path === '.')) return '';
  const trimmed = allowRoot && path.endsWith('/') ? path.slice(0, -1) : path;
  if (trimmed.startsWith('/') || /^[A-Za-z]:/.test(trimmed)) throw refused(path, 'it is absolute');
  if (/[\0\\]/.test(trimmed)) throw refused(path, 'it holds a NUL or a backslash');
  for (const part of trimmed.split('/')) {
    if (part === '..') throw refused(path, 'it leads out of the workspace');
    if (part === '' || part === '.') throw refused(path, 'it has an empty part or a `.`');
    if (isClosed(part)) throw refused(path, `it lies in \`${part}\`, which no command reads`);
  }
  return trimmed;
}

function isClosed(part: string): boolean {
  return CLOSED.includes(part.toLowerCase());
}

function refused(path: string, reason: string): RunnerError {
  return new RunnerError(errors.PATH_REFUSED, `\`${path}\` cannot be read`, {
    reason,
    hint: 'name a path inside the workspace, relative to its root, with `/`',
  });
}

function real(file: string): string | undefined {
  try {
    return realpathSync.native(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new RunnerError(errors.READ_FAILED, `reading ${file} failed`, { reason: (error as Error).message });
  }
}

function kindOf(entry: Dirent): Entry['kind'] {
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symlink' : 'file';
}

function entriesOf(file: string, path: string) {
  try {
    return readdirSync(file, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new RunnerError(errors.READ_FAILED, `reading folder ${path} failed`, { reason: (error as Error).message });
  }
}
