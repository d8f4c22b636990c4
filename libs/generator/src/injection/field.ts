import { refuse } from '@krepis/plugin';
import { ts } from 'ts-morph';
import { type ClassPlace, classAt } from '../classes.ts';
import type { Draft } from '../edit/draft.ts';
import { type Export, ensureImport } from '../edit/imports.ts';
import { insertMember } from '../edit/members.ts';
import { styleOf } from '../edit/style.ts';
import { errors } from '../errors.ts';
import { camelCase } from '../names.ts';
import type { Project } from '../project/project.ts';
import { placeOf } from '../source.ts';
import { dependenciesOf, injectCall } from './dependencies.ts';
import { namesOf } from './known.ts';

/**
 * Adds `readonly #x = inject(X)` after the last such field, in the manner of that one.
 *
 * @returns false if the class has the dependency
 */
export function injectField(draft: Draft, place: ClassPlace, dependency: Export, project: Project): boolean {
  const before = classAt(draft, place);
  const known = namesOf(before.source, dependency, project);
  if (dependenciesOf(before.source, before.node).some(({ token }) => known.includes(token))) return false;

  const core = ensureImport(draft, place.path, { name: 'inject', from: { specifier: '@krepis/core' } }, project);
  const local = ensureImport(draft, place.path, dependency, project);
  const { source, node } = classAt(draft, place);
  const style = styleOf(source, project.style);
  const fields = node.members
    .filter(ts.isPropertyDeclaration)
    .filter((field) => injectCall(source, field.initializer) !== undefined);
  const last = fields.at(-1);
  const head =
    last === undefined ? 'readonly #' : source.text.slice(last.getStart(source.file), last.name.getStart(source.file));
  const isPrivateName = last === undefined || ts.isPrivateIdentifier(last.name);
  const bare = camelCase(dependency.local ?? dependency.name);
  const name = isPrivateName ? `#${bare}` : bare;
  const taken = node.members.find((member) => member.name?.getText(source.file) === name);
  if (taken !== undefined)
    refuse(errors.NAME_TAKEN, { values: { member: name, class: place.name }, at: placeOf(source, taken) });
  const field = `${head.replace(/#$/, '')}${name} = ${core}(${local})${style.semicolons ? ';' : ''}`;
  draft.edit(
    place.path,
    insertMember(source, node, field, { after: last, apart: last === undefined && hasMethods(node) }, style),
  );
  return true;
}

/** Whether a method or constructor comes first: it is kept apart from a field before it. */
function hasMethods({ members: [first] }: ts.ClassDeclaration): boolean {
  return first !== undefined && !ts.isPropertyDeclaration(first);
}
