import { createHash } from 'node:crypto';
import { parse } from 'smol-toml';

/** One package of a Cargo.lock. */
export interface LockedPackage {
  /** Name of its node in the project graph, `cargo:NAME@VERSION`; absent for packages of the workspace itself. */
  readonly node?: string | undefined;
  readonly name: string;
  readonly version: string;
  /** What identifies its content: the checksum, or the source with its revision. */
  readonly hash: string;
  /** Indexes of the packages it depends on: normal, build and (for packages of the workspace) dev dependencies of every target. */
  readonly dependencies: readonly number[];
}

/** A Cargo.lock as a graph of packages. */
export interface CargoLock {
  readonly packages: readonly LockedPackage[];
}

interface Entry {
  readonly name: string;
  readonly version: string;
  readonly source?: string;
  readonly checksum?: string;
  readonly dependencies?: readonly string[];
  readonly replace?: string;
}

/**
 * Reads a Cargo.lock of any version (1 to 4).
 *
 * @param owner set apart from the other lock files of a repository: behind the names of its nodes, since the same version
 *   of a package may depend on other versions there
 * @throws TomlError of smol-toml where it does not parse
 * @see https://doc.rust-lang.org/nightly/nightly-rustc/cargo/core/resolver/encode/index.html
 */
export function parseLock(text: string, owner = ''): CargoLock {
  const toml = parse(text) as {
    package?: readonly Entry[];
    root?: Entry;
    metadata?: Readonly<Record<string, string>>;
  };
  // Version 1 kept the root package apart and the checksums in [metadata].
  const entries = [...(toml.package ?? []), ...(toml.root ? [toml.root] : [])];
  const byName = new Map<string, number[]>();
  for (const [index, { name }] of entries.entries()) byName.set(name, [...(byName.get(name) ?? []), index]);

  const find = (reference: string): readonly number[] => {
    const [name = '', version, source] = reference.split(' ');
    const named = byName.get(name) ?? [];
    if (version === undefined) return named;
    const exact = named.filter((index) => entries[index]?.version === version);
    if (source === undefined) return exact;
    const from = exact.filter((index) => `(${entries[index]?.source})` === source);
    return from.length > 0 ? from : exact;
  };
  const nodes = nodeNames(entries, owner);
  const packages = entries.map((entry, index): LockedPackage => {
    const { name, version, source } = entry;
    const checksum = entry.checksum ?? toml.metadata?.[`checksum ${name} ${version} (${source})`];
    return {
      node: nodes[index],
      name,
      version,
      hash: checksum ?? source ?? version,
      dependencies: [...(entry.dependencies ?? []), ...(entry.replace ? [entry.replace] : [])].flatMap(find),
    };
  });
  return { packages };
}

/** `cargo:NAME@VERSION`; where a registry and a git source offer the same version, the source's digest tells them apart. */
function nodeNames(entries: readonly Entry[], owner: string): (string | undefined)[] {
  const count = new Map<string, number>();
  const plain = ({ name, version }: Entry) => `cargo:${name}@${version}${owner === '' ? '' : ` (${owner})`}`;
  for (const entry of entries) if (entry.source) count.set(plain(entry), (count.get(plain(entry)) ?? 0) + 1);
  return entries.map((entry) => {
    if (entry.source === undefined) return undefined;
    const name = plain(entry);
    if (count.get(name) === 1) return name;
    return `${name}+${createHash('sha256').update(entry.source).digest('hex').slice(0, 8)}`;
  });
}
