import { refuse } from '@krepis/plugin';
import { type ClassPlace, classAt, classIn } from '../classes.ts';
import type { Draft } from '../edit/draft.ts';
import type { Export } from '../edit/imports.ts';
import { errors } from '../errors.ts';
import { importedAs } from '../modules/declaration.ts';
import { directoryOf } from '../project/paths.ts';
import { type Project, projectAt } from '../project/project.ts';
import { targetOf } from '../project/specifiers.ts';
import { placeOf } from '../source.ts';
import { dependenciesOf } from './dependencies.ts';

/** @throws Refusal KRP6119 if the dependency needs the class, itself or through others that can be followed by imports */
export function requireNoCycle(draft: Draft, target: ClassPlace, dependency: Export): void {
  if (!('file' in dependency.from)) return;
  const start = { path: dependency.from.file, name: dependency.local ?? dependency.name };
  const path = pathTo(draft, start, target, new Set());
  if (path === undefined) return;
  const { source, node } = classAt(draft, target);
  refuse(errors.DI_CYCLE, {
    values: { class: target.name, dependency: start.name },
    at: placeOf(source, node),
    reason: [target.name, ...path].join(' -> '),
  });
}

function pathTo(draft: Draft, from: ClassPlace, target: ClassPlace, seen: Set<string>): string[] | undefined {
  if (from.path === target.path && from.name === target.name) return [from.name];
  const key = `${from.path}#${from.name}`;
  if (seen.has(key)) return undefined;
  seen.add(key);
  const source = draft.peek(from.path);
  const node = source === undefined ? undefined : classIn(source, from.name);
  if (source === undefined || node === undefined) return undefined;
  const project = projectAt(draft.view, directoryOf(from.path));
  for (const { token } of dependenciesOf(source, node)) {
    const next = placeBehind(draft, source.path, token, project);
    const rest = next === undefined ? undefined : pathTo(draft, next, target, seen);
    if (rest !== undefined) return [from.name, ...rest];
  }
  return undefined;
}

/** The class of the workspace a name of a file means, through its own import. */
function placeBehind(draft: Draft, path: string, local: string, project: Project): ClassPlace | undefined {
  const source = draft.source(path);
  if (classIn(source, local) !== undefined) return { path, name: local };
  const binding = importedAs(source, local);
  const bare = binding === undefined ? undefined : targetOf(binding.specifier, path, project);
  if (binding === undefined || bare === undefined) return undefined;
  const file = [`${bare}.ts`, `${bare}.tsx`].find((candidate) => draft.view.readBytes(candidate) !== undefined);
  return file === undefined ? undefined : { path: file, name: binding.name === 'default' ? local : binding.name };
}
