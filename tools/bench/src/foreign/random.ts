/** Random Cargo workspaces that Cargo accepts: every form of member, dependency and binary, mixed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import fc from 'fast-check';

const KINDS = ['dependencies', 'dev-dependencies', 'build-dependencies'] as const;
const FORMS = ['inline', 'dotted', 'table', 'quoted', 'inherited', 'inherited-dotted', 'patched'] as const;

interface Dependency {
  /** Position of the crate it names, relative to its own; wraps around for dev dependencies only. */
  readonly to: number;
  readonly kind: (typeof KINDS)[number];
  readonly form: (typeof FORMS)[number];
  readonly target: boolean;
  readonly renamed: boolean;
  readonly optional: boolean;
}

interface CrateModel {
  readonly place: 'glob' | 'listed' | 'dotted' | 'nested' | 'implied' | 'excluded' | 'alone';
  readonly edition: '2015' | '2021';
  readonly binaries: readonly ('main' | 'file' | 'folder' | 'declared' | 'featured' | 'defaulted')[];
  readonly autobins: boolean;
  readonly dependencies: readonly Dependency[];
}

/** A workspace in the making. */
export interface WorkspaceModel {
  /** Folder of the Cargo workspace below the repository. */
  readonly folder: '.' | 'rust';
  readonly rootPackage: boolean;
  readonly crates: readonly CrateModel[];
}

const crate = fc.record<CrateModel>({
  place: fc.constantFrom('glob', 'glob', 'listed', 'dotted', 'nested', 'implied', 'excluded', 'alone'),
  edition: fc.constantFrom('2015', '2021'),
  binaries: fc.uniqueArray(fc.constantFrom('main', 'file', 'folder', 'declared', 'featured', 'defaulted')),
  autobins: fc.boolean(),
  dependencies: fc.array(
    fc.record<Dependency>({
      to: fc.integer({ min: 1, max: 6 }),
      kind: fc.constantFrom(...KINDS),
      form: fc.constantFrom(...FORMS),
      target: fc.boolean(),
      renamed: fc.boolean(),
      optional: fc.boolean(),
    }),
    { maxLength: 4 },
  ),
});

/** Workspaces of two to eight crates. */
export const workspaces: fc.Arbitrary<WorkspaceModel> = fc.record({
  folder: fc.constantFrom('.', 'rust'),
  rootPackage: fc.boolean(),
  crates: fc.array(crate, { minLength: 2, maxLength: 8 }),
});

/** The files of a model, by path. */
export function render({ folder, rootPackage, crates }: WorkspaceModel): Record<string, string> {
  const files: Record<string, string> = {};
  const roots = crates.map(({ place }, index) => {
    if (place === 'glob') return `crates/c${index}`;
    if (place === 'nested') return `deep/c${index}/er`;
    if (place === 'dotted') return `tools/c${index}`;
    return `${place}/c${index}`;
  });
  const foreign = (index: number) => ['excluded', 'alone'].includes(crates[index]?.place ?? '');
  const shared = new Map<string, string>();
  const patches = new Map<string, string>();
  const reached = new Set<number>();

  crates.forEach((model, index) => {
    const root = roots[index] ?? '';
    const lines = ['[package]', `name = "c${index}"`, 'version = "1.0.0"', `edition = "${model.edition}"`];
    const declared: string[] = [];
    if (!model.autobins) lines.push('autobins = false');
    const put = (path: string) => {
      files[posix.join(folder, root, path)] = 'fn main() {}\n';
    };
    files[posix.join(folder, root, 'src/lib.rs')] = '';
    for (const binary of model.binaries) {
      if (binary === 'main') put('src/main.rs');
      else if (binary === 'file') put('src/bin/file.rs');
      else if (binary === 'folder') put('src/bin/folder/main.rs');
      else {
        const path = `src/${binary}.rs`;
        put(path);
        declared.push('[[bin]]', `name = "${binary}-c${index}"`, `path = "${path}"`);
        if (binary === 'featured') declared.push('required-features = ["off"]');
        if (binary === 'defaulted') declared.push('required-features = ["on"]');
      }
    }
    const features = ['[features]', 'default = ["basic"]', 'basic = ["on"]', 'on = []', 'off = []'];

    const tables = new Map<string, string[]>();
    const used = new Set<string>();
    for (const dependency of model.dependencies) {
      // Only dev dependencies may lead back.
      const to =
        dependency.kind === 'dev-dependencies' ? (index + dependency.to) % crates.length : index + dependency.to;
      if (to === index || to >= crates.length) continue;
      // A crate of another workspace has no shared table; a member cannot hide below `exclude`d ones that lead back in.
      if (foreign(index) && foreign(to) && dependency.kind === 'dev-dependencies') continue;
      const form = foreign(index) && dependency.form.startsWith('inherited') ? 'inline' : dependency.form;
      // A patch holds for its own workspace only; a crate outside that leads to a patched one would not resolve.
      const patched = form === 'patched' && !crates.some((_, at) => foreign(at));
      const renamed = dependency.renamed && !patched;
      const key = renamed ? `alias${to}` : `c${to}`;
      const optional = dependency.optional && dependency.kind !== 'dev-dependencies' && !patched;
      const table = `${dependency.target ? `target.'cfg(unix)'.` : ''}${dependency.kind}`;
      if (used.has(`c${to}`)) continue;
      used.add(`c${to}`);
      if (!patched && !foreign(index)) reached.add(to);
      const path = posix.relative(root, roots[to] ?? '');
      const rest = `${renamed ? `, package = "c${to}"` : ''}${optional ? ', optional = true' : ''}`;
      const into = tables.get(table) ?? [];
      tables.set(table, into);
      if (patched) {
        patches.set(`c${to}`, roots[to] ?? '');
        into.push(`${key} = "1"`);
      } else if (form === 'dotted') {
        into.push(`${key}.path = "${path}"`);
        if (renamed) into.push(`${key}.package = "c${to}"`);
        if (optional) into.push(`${key}.optional = true`);
      } else if (form === 'table') {
        tables.set(`${table}.${key}`, [`path = "${path}/"`, ...rest.split(', ').filter(Boolean)]);
      } else if (form === 'inherited' || form === 'inherited-dotted') {
        shared.set(key, `{ path = "./${roots[to]}"${renamed ? `, package = "c${to}"` : ''} }`);
        into.push(
          form === 'inherited'
            ? `${key} = { workspace = true${optional ? ', optional = true' : ''} }`
            : `${key}.workspace = true`,
        );
      } else into.push(`${form === 'quoted' ? `"${key}"` : key} = { path = "${path}"${rest} }`);
    }
    for (const [table, entries] of tables) if (entries.length > 0) lines.push(`[${table}]`, ...entries);
    lines.push(...features, ...declared);
    if (model.place === 'alone') lines.push('[workspace]');
    files[posix.join(folder, root, 'Cargo.toml')] = `${lines.join('\n')}\n`;
  });

  // Cargo refuses a glob that finds nothing.
  const members = crates.some(({ place }) => place === 'glob') ? ['"crates/*"'] : [];
  crates.forEach(({ place }, index) => {
    const root = roots[index];
    if (place === 'listed') members.push(`"${root}"`);
    if (place === 'nested') members.push(`"${root}/"`);
    if (place === 'dotted') members.push(`"./${root}"`);
    // Whom nobody names and nobody needs, Cargo refuses; so every second one is named.
    if (place === 'implied' && !reached.has(index)) members.push(`"${root}"`);
  });
  const lines = [
    '[workspace]',
    'resolver = "2"',
    `members = [${members.join(', ')}]`,
    'exclude = ["excluded", "alone"]',
  ];
  if (shared.size > 0)
    lines.push('[workspace.dependencies]', ...[...shared].map(([key, value]) => `${key} = ${value}`));
  if (patches.size > 0) {
    lines.push('[patch.crates-io]', ...[...patches].map(([key, path]) => `${key} = { path = "${path}" }`));
  }
  if (rootPackage) {
    lines.push('[package]', 'name = "root"', 'version = "0.1.0"', 'edition = "2021"');
    files[posix.join(folder, 'src/main.rs')] = 'fn main() {}\n';
  }
  files[posix.join(folder, 'Cargo.toml')] = `${lines.join('\n')}\n`;
  return files;
}

/** Writes files below a folder. */
export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
