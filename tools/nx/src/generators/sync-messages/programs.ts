import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Programs as a package script sees them: those of node_modules first, nearest folder first, then PATH. */
export interface Programs {
  /** Absolute path of a program; undefined if there is none. */
  find(name: string): string | undefined;
  /** PATH with the folders of node_modules in front. */
  readonly path: string;
}

/**
 * @param folder absolute; where the programs are to run
 * @param root absolute; node_modules above it do not count
 */
export function programsAt(folder: string, root: string, env: NodeJS.ProcessEnv = process.env): Programs {
  const modules: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    modules.push(join(at, 'node_modules', '.bin'));
    if (at === root || at === dirname(at)) break;
  }
  const folders = [...modules, ...(env.PATH ?? '').split(delimiter).filter(Boolean)];
  return {
    path: folders.join(delimiter),
    find: (name) => {
      const candidates = /[\\/]/.test(name) ? [join(folder, name)] : folders.map((at) => join(at, name));
      return candidates.flatMap((path) => EXTENSIONS.map((extension) => path + extension)).find(isProgram);
    },
  };
}

const EXTENSIONS = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
