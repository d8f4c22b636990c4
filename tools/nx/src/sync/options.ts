import { readNxJson, type Tree } from '@nx/devkit';

/**
 * Options of a sync generator: those of nx.json's `sync.generatorOptions`, and over them those of `nx g`.
 *
 * Nx itself passes none to a sync generator; its own ones read them from the same place.
 *
 * @param generator full name, for example `@krepis/nx:sync-crates`
 * @example
 * // nx.json: { "sync": { "generatorOptions": { "@krepis/nx:sync-crates": { "exclude": ["vendor/**"] } } } }
 * const options = syncOptions<CrateOptions>(tree, '@krepis/nx:sync-crates', given);
 */
export function syncOptions<T extends object>(tree: Tree, generator: string, given: Partial<T> = {}): Partial<T> {
  const all = readNxJson(tree)?.sync?.generatorOptions as Record<string, Partial<T>> | undefined;
  return { ...all?.[generator], ...given };
}
