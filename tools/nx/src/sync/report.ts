import { type GeneratorCallback, logger } from '@nx/devkit';

/** What Nx 23 expects of a sync generator; the type is not part of the public `@nx/devkit`. */
export interface SyncResult {
  /** Runs after Nx has written the changes of `nx sync`; never for `nx sync:check`. */
  readonly callback?: () => void | Promise<void>;
  /** One sentence; printed by `nx sync`, `nx sync:check` and before tasks. */
  readonly outOfSyncMessage?: string;
  /** Lines printed by `nx sync:check`: each file, and why it is out of sync. */
  readonly outOfSyncDetails?: string[];
}

/**
 * Collects which files are out of sync and why, in the form Nx's own sync generators print.
 *
 * @example
 * const report = new SyncReport();
 * report.add('Cargo.toml', 'Missing members: libs/new');
 * return report.result('The Cargo workspaces do not list the crates that are there.');
 */
export class SyncReport {
  readonly #reasons = new Map<string, string[]>();

  /** @param path the file, relative to the Nx root */
  add(path: string, reason: string): void {
    const reasons = this.#reasons.get(path);
    if (reasons) reasons.push(reason);
    else this.#reasons.set(path, [reason]);
  }

  get inSync(): boolean {
    return this.#reasons.size === 0;
  }

  /** The files named, with their reasons, sorted by path. */
  details(): string[] {
    const files = [...this.#reasons].sort(([a], [b]) => (a < b ? -1 : 1));
    return files.flatMap(([path, reasons]) => [`${path}:`, ...reasons.map((reason) => `  - ${reason}`)]);
  }

  /** Nothing where all is in sync: Nx takes a result with a message for out of sync even without a change. */
  result(message: string, callback?: () => void | Promise<void>): SyncResult | undefined {
    if (this.inSync) return undefined;
    return { outOfSyncMessage: message, outOfSyncDetails: this.details(), ...(callback ? { callback } : {}) };
  }
}

/**
 * What a sync generator returns: its result to `nx sync`, which calls it with the tree alone, and a callback to `nx g`, which
 * passes options and calls whatever comes back.
 *
 * @param given the options it was called with
 */
export function answer(
  result: SyncResult | undefined,
  given: object | undefined,
): SyncResult | GeneratorCallback | undefined {
  if (!result || given === undefined) return result;
  return async () => {
    for (const line of result.outOfSyncDetails ?? []) logger.info(line);
    await result.callback?.();
  };
}
