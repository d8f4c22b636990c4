import { KrepisError } from '../errors.ts';
import { isRoutes } from '../http/routes.ts';
import { Binding } from '../injection/binding.ts';
import { type NormalizedProvider, normalizeProvider } from '../injection/provider.ts';
import { describeToken, isToken, type Token } from '../injection/token.ts';
import { isModule, type Module } from './module.ts';

/** Puts another provider in the place of one, or `undefined` to leave it out; how tests override. */
export type ReplaceProvider = (provider: NormalizedProvider) => NormalizedProvider | undefined;

/** A module inside one app: its own bindings and what it sees of others. */
export class ModuleScope {
  readonly name: string;
  readonly module: Module;
  readonly imports: readonly ModuleScope[];
  readonly bindings: ReadonlyMap<Token, readonly Binding[]>;
  readonly #visible = new Map<Token, readonly Binding[]>();
  readonly #exportedTokens: ReadonlySet<Token>;
  readonly #exportedScopes: readonly ModuleScope[];

  constructor(name: string, module: Module, imports: readonly ModuleScope[], replace: ReplaceProvider) {
    this.name = name;
    this.module = module;
    this.imports = imports;
    this.bindings = bind(this, replace);
    this.#exportedTokens = new Set(module.exports.filter((entry): entry is Token => !isModule(entry)));
    this.#exportedScopes = imports.filter((scope) => module.exports.includes(scope.module));
    checkExports(this);
  }

  /**
   * The bindings that code of this module gets for a token: its own; if it has none, or they are `multi`, also what the
   * imported modules export. In the order of `imports`, own ones last.
   */
  visible(token: Token): readonly Binding[] {
    const known = this.#visible.get(token);
    if (known !== undefined) return known;
    const own = this.bindings.get(token) ?? [];
    const isComplete = own.length > 0 && !own[0]!.multi;
    const imported = isComplete ? [] : this.imports.flatMap((scope) => scope.exported(token));
    const found = [...new Set([...imported, ...own])];
    this.#visible.set(token, found);
    return found;
  }

  /** The bindings that importers of this module get for a token. */
  exported(token: Token): readonly Binding[] {
    if (this.#exportedTokens.has(token)) return this.visible(token);
    return this.#exportedScopes.flatMap((scope) => scope.exported(token));
  }
}

/**
 * Links a module and everything it imports. Dependencies come before their importers, the root last: the order in which
 * an app starts.
 *
 * @throws KrepisError KRP8101 to KRP8104 for a module that cannot be linked
 */
export function linkModules(root: Module, replace: ReplaceProvider = (provider) => provider): readonly ModuleScope[] {
  const scopes = new Map<Module, ModuleScope>();
  const path: Module[] = [];

  function link(module: Module): ModuleScope {
    const linked = scopes.get(module);
    if (linked !== undefined) return linked;
    if (path.includes(module)) {
      const circle = [...path.slice(path.indexOf(module)), module];
      throw new KrepisError('MODULE_CYCLE', { path: circle.map(nameModule).join(' -> ') });
    }
    path.push(module);
    checkParts(module, 'imports', module.imports, isModule, 'a module');
    checkParts(module, 'routes', module.routes, isRoutes, 'the result of routes()');
    checkParts(module, 'exports', module.exports, (entry) => isModule(entry) || isToken(entry), 'a token or a module');
    const scope = new ModuleScope(nameModule(module), module, module.imports.map(link), replace);
    path.pop();
    scopes.set(module, scope);
    return scope;
  }

  link(root);
  return [...scopes.values()];
}

function bind(scope: ModuleScope, replace: ReplaceProvider): ReadonlyMap<Token, readonly Binding[]> {
  const bindings = new Map<Token, Binding[]>();
  for (const [index, entry] of scope.module.providers.entries()) {
    const declared = normalizeProvider(entry);
    if (declared === undefined) throw wrongPart(scope.module, 'providers', index, entry, 'a provider');
    const provider = replace(declared);
    if (provider === undefined) continue;
    const binding = new Binding(provider, scope);
    const others = bindings.get(provider.token);
    if (others === undefined) bindings.set(provider.token, [binding]);
    else if (provider.multi && others[0]!.multi) others.push(binding);
    else throw new KrepisError('DUPLICATE_PROVIDER', { token: describeToken(provider.token), module: scope.name });
  }
  return bindings;
}

function checkExports(scope: ModuleScope): void {
  for (const entry of scope.module.exports) {
    const isKnown = isModule(entry)
      ? scope.imports.some((imported) => imported.module === entry)
      : scope.visible(entry).length > 0;
    if (isKnown) continue;
    const token = isModule(entry) ? nameModule(entry) : describeToken(entry);
    throw new KrepisError('NOT_EXPORTABLE', { module: scope.name, token });
  }
}

function checkParts(
  module: Module,
  list: string,
  parts: readonly unknown[],
  isPart: (value: unknown) => boolean,
  expected: string,
): void {
  for (const [index, part] of parts.entries()) {
    if (!isPart(part)) throw wrongPart(module, list, index, part, expected);
  }
}

function wrongPart(module: Module, list: string, index: number, found: unknown, expected: string): KrepisError {
  const kind = found === null || found === undefined ? String(found) : `of type ${typeof found}`;
  return new KrepisError('NOT_A_MODULE_PART', { module: nameModule(module), list, index, found: kind, expected });
}

function nameModule(module: Module): string {
  if (module.name !== undefined) return `module ${module.name}`;
  const [provider] = module.providers;
  if (typeof provider === 'function') return `the module of ${describeToken(provider)}`;
  if (provider?.provide !== undefined) return `the module of ${describeToken(provider.provide)}`;
  const [route] = module.routes;
  return route === undefined ? 'an unnamed module' : `the module of ${route.prefix}`;
}
