import { type ChangeSet, refuse, type View } from '@krepis/plugin';
import { Draft } from './edit/draft.ts';
import { errors } from './errors.ts';
import { controller } from './kinds/controller.ts';
import { decorator } from './kinds/decorator.ts';
import { inject } from './kinds/inject.ts';
import { method } from './kinds/method.ts';
import { module } from './kinds/module.ts';
import { service } from './kinds/service.ts';
import { type GenerateOptions, type Options, readOptions } from './options.ts';

/** Plans into a draft; gives the change's title. */
export type Kind = (draft: Draft, options: Options) => Promise<string>;

interface Definition {
  readonly run: Kind;
  readonly arguments: number;
  readonly expected: string;
  readonly usage: string;
}

const definitions = {
  service: { run: service, arguments: 1, expected: 'a NAME', usage: 'service NAME' },
  controller: { run: controller, arguments: 1, expected: 'a NAME', usage: 'controller NAME' },
  module: { run: module, arguments: 1, expected: 'a NAME', usage: 'module NAME' },
  method: {
    run: method,
    arguments: 2,
    expected: 'a CLASS and a SIGNATURE',
    usage: "method CLASS 'name(a: string): Promise<T>' [--body FILE]",
  },
  decorator: {
    run: decorator,
    arguments: 2,
    expected: 'a CLASS[.MEMBER] and a DECORATOR',
    usage: "decorator CLASS[.MEMBER] '@Name(…)' [--from SPECIFIER]",
  },
  inject: { run: inject, arguments: 2, expected: 'a CLASS and a DEPENDENCY', usage: 'inject CLASS DEPENDENCY' },
} as const satisfies Record<string, Definition>;

/** Names of the built-in generators. */
export const kinds = Object.keys(definitions) as readonly (keyof typeof definitions)[];

/**
 * Runs a built-in generator: looks at the workspace, proposes a change, touches nothing. A change without files says that
 * everything is there already.
 *
 * @param kind `service`, `controller`, `module` (`args`: NAME), `method` (CLASS, signature), `decorator` (CLASS or
 *   CLASS.MEMBER, decorator), `inject` (CLASS, DEPENDENCY)
 * @throws Refusal KRP60xx for malformed input (exit 2), KRP61xx where the code does not allow it (exit 1)
 *
 * @example
 * ```ts
 * const set = await generate('service', view, { args: ['billing'] });
 * ```
 */
export async function generate(kind: string, view: View, options: GenerateOptions): Promise<ChangeSet> {
  const definition = Object.hasOwn(definitions, kind) ? definitions[kind as keyof typeof definitions] : undefined;
  if (definition === undefined) {
    const names = kinds.map((name) => `\`${name}\``);
    return refuse(errors.UNKNOWN_KIND, {
      values: { kind, kinds: `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` },
    });
  }
  const checked = readOptions(options);
  const count = checked.args.length;
  if (count !== definition.arguments) {
    const { expected, usage } = definition;
    return refuse(errors.BAD_ARGUMENTS, { values: { kind, expected, usage, count } });
  }
  const draft = new Draft(view);
  const title = await definition.run(draft, checked);
  return draft.done(title);
}
