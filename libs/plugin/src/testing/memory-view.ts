import { digest } from '../digest.ts';
import type { ClassSite, Entry, View } from '../view.ts';
import { codeOnly } from './code-only.ts';

/**
 * A workspace in memory. Its `findClasses` stands in for the analysis engine: it looks for `class NAME` outside comments,
 * strings, templates and regular expressions in `.ts`, `.mts`, `.cts` and `.tsx` files, without parsing them.
 *
 * @param files path to text; folders follow from the paths
 * @param config the parsed krepis.json; default: what `files['krepis.json']` holds, if it is there
 *
 * @example
 * ```ts
 * const view = memoryView({ 'src/app.ts': 'export class App {}\n' });
 * await view.findClasses('App'); // [{ path: 'src/app.ts', line: 1, name: 'App', exported: true }]
 * ```
 */
export function memoryView(files: Readonly<Record<string, string>>, config?: unknown): View {
  const seen = new Map<string, string>();
  const content = (path: string): string | undefined => {
    const text = Object.hasOwn(files, path) ? files[path] : undefined;
    if (!seen.has(path)) seen.set(path, text === undefined ? '' : digest(text));
    return text;
  };
  const isFolder = (path: string): boolean =>
    path === '' || Object.keys(files).some((file) => file.startsWith(`${path}/`));
  const parsed = config ?? (files['krepis.json'] === undefined ? undefined : JSON.parse(files['krepis.json']));
  return {
    config: parsed,
    read: content,
    readBytes(path) {
      const text = content(path);
      return text === undefined ? undefined : Buffer.from(text, 'utf8');
    },
    exists: (path) => isFolder(path) || content(path) !== undefined,
    list(directory) {
      const prefix = directory === '' ? '' : `${directory}/`;
      const entries = new Map<string, Entry>();
      for (const path of Object.keys(files)) {
        if (!path.startsWith(prefix)) continue;
        const [name, ...below] = path.slice(prefix.length).split('/') as [string, ...string[]];
        entries.set(name, { name, kind: below.length > 0 ? 'directory' : 'file' });
      }
      return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    findClasses: async (name) => Object.entries(files).flatMap(([path, text]) => sitesIn(path, text, name)),
    reads: () => [...seen].map(([path, sha256]) => ({ path, digest: sha256 })),
  };
}

function sitesIn(path: string, text: string, name: string): ClassSite[] {
  if (!/\.(?:[cm]?ts|tsx)$/.test(path) || !text.includes(name)) return [];
  const code = codeOnly(text);
  const escaped = name.replace(/[$\\]/g, '\\$&');
  // Before the class may stand `export`, decorators whose arguments were not blanked, `abstract` and `declare`.
  const pattern = new RegExp(`(?<![\\w$.])class\\s+${escaped}(?![\\w$])`, 'g');
  return [...code.matchAll(pattern)].map(({ index }) => {
    const statement = code.slice(0, index).split(/[;{}]/).at(-1) ?? '';
    const listed = new RegExp(`export\\s*\\{[^}]*(?<![\\w$])${escaped}(?![\\w$])[^}]*\\}`).test(code);
    return {
      path,
      line: code.slice(0, index).split('\n').length,
      name,
      exported: /(?<![\w$])export(?![\w$])/.test(statement) || listed,
    };
  });
}
