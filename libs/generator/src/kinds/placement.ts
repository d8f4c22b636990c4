import type { View } from '@krepis/plugin';
import type { Draft } from '../edit/draft.ts';
import { defaultStyle, evidenceIn, type Style } from '../edit/style.ts';
import type { Name } from '../names.ts';
import type { Options } from '../options.ts';
import { below } from '../project/paths.ts';
import { type Project, projectAt } from '../project/project.ts';
import { suffixIn } from '../project/specifiers.ts';

/**
 * The folder for new files: `--dir`, else a folder of the name's own below the folder the command was called in, if that lies
 * in the sources, else below the source root.
 */
export function folderFor(view: View, name: Name, options: Options): string {
  if (options.dir !== undefined) return name.folders.reduce(below, options.dir);
  const { root } = projectAt(view, options.cwd);
  const isInside = options.cwd === root || root === '' || options.cwd.startsWith(`${root}/`);
  return [...name.folders, name.kebab].reduce(below, isInside ? options.cwd : root);
}

/** The project as a new file takes part in it: what is not configured follows a neighbour, the module it is registered in. */
export function besides(draft: Draft, project: Project, neighbour: string): Project {
  const source = draft.source(neighbour);
  const evidence = evidenceIn(source);
  const style: Style = { ...defaultStyle, width: project.style.width, ...evidence, ...project.configured };
  return {
    ...project,
    importSuffix: suffixIn(source) ?? project.importSuffix,
    // A checkout may have other line ends than the configuration asks for.
    style: { ...style, eol: evidence.eol ?? style.eol },
  };
}
