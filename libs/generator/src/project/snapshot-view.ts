import type { Entry, View } from '@krepis/plugin';

/**
 * A view that asks each file and folder once: generators look at configuration files from several places. The view below
 * still records what was looked at.
 */
export function snapshotView(view: View): View {
  const bytes = new Map<string, Uint8Array | undefined>();
  const texts = new Map<string, string | undefined>();
  const folders = new Map<string, readonly Entry[]>();
  return {
    config: view.config,
    read: (path) => once(texts, path, () => view.read(path)),
    readBytes: (path) => once(bytes, path, () => view.readBytes(path)),
    exists: (path) => view.exists(path),
    list: (directory) => once(folders, directory, () => view.list(directory)),
    findClasses: (name) => view.findClasses(name),
    reads: () => view.reads(),
  };
}

function once<T>(known: Map<string, T>, key: string, ask: () => T): T {
  if (!known.has(key)) known.set(key, ask());
  return known.get(key) as T;
}
