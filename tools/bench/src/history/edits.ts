/** A project of services that is worked on: five hundred edits as people make them. */
import type { Tree } from './trees.ts';

const SERVICES = [
  'orders',
  'billing',
  'customers',
  'catalogue',
  'shipping',
  'returns',
  'stock',
  'prices',
  'mail',
  'audit',
];
const VERBS = ['find', 'list', 'create', 'update', 'remove', 'archive', 'restore', 'count', 'export', 'check'];
const NOUNS = ['One', 'All', 'ByCustomer', 'ByDate', 'Open', 'Overdue', 'Summary', 'History', 'Totals', 'Draft'];

/**
 * The states of the project, one after another: each differs from the one before in one to three files, by a method that
 * is added, a body that is changed or a comment.
 */
export function* states(edits: number): Generator<Tree> {
  const random = generator(7);
  let state = new Map(SERVICES.map((name) => [`src/${name}/${name}.service.ts`, service(name)]));
  yield state;
  for (let edit = 0; edit < edits; edit += 1) {
    state = new Map(state);
    const touched = 1 + random(3);
    for (let file = 0; file < touched; file += 1) {
      const name = SERVICES[random(SERVICES.length)] ?? '';
      const path = `src/${name}/${name}.service.ts`;
      state.set(path, edited(state.get(path) ?? '', edit * 3 + file, random));
    }
    yield state;
  }
}

type Random = (below: number) => number;

function edited(text: string, number: number, random: Random): string {
  const methods = [...text.matchAll(/^ {2}async (\w+)\(.*?^ {2}\}$/gms)];
  const method = methods[random(methods.length)];
  if (method === undefined || (random(3) === 0 && methods.length < 40)) {
    const verb = `${VERBS[random(VERBS.length)]}${NOUNS[random(NOUNS.length)]}${number}`;
    return text.replace(/\}\n$/, `\n${body(verb, random(1000))}}\n`);
  }
  const at = method.index;
  const changed = random(2)
    ? body(method[1] ?? '', random(1000)).trimEnd()
    : `  // ${VERBS[random(VERBS.length)]} as of ticket ${number}: ${NOUNS[random(NOUNS.length)]}\n${method[0]}`;
  // Old comments go, as the method does when there are too many of them.
  const before = text.slice(0, at).replace(/(?: {2}\/\/ .*\n){4,}$/, '');
  return before + changed + text.slice(at + method[0].length);
}

function service(name: string): string {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const methods = VERBS.map((verb, index) => body(`${verb}${NOUNS[index]}`, index)).join('\n');
  return [
    "import { Injectable, Logger } from '@nestjs/common';",
    `import type { ${type}Repository } from './${name}.repository';`,
    `import { ${type}NotFound } from './${name}.errors';`,
    '',
    `/** What can be done with ${name}. */`,
    '@Injectable()',
    `export class ${type}Service {`,
    `  readonly #logger = new Logger(${type}Service.name);`,
    '',
    `  constructor(private readonly repository: ${type}Repository) {}`,
    '',
    `${methods}}`,
    '',
  ].join('\n');
}

function body(name: string, number: number): string {
  return [
    `  async ${name}(id: string, limit = ${number + 10}): Promise<Result[]> {`,
    `    this.#logger.debug(\`${name} \${id}\`);`,
    `    const found = await this.repository.${name}({ id, limit, offset: ${number % 7} });`,
    `    if (found.length > ${number}) {`,
    `      return found.slice(0, limit).map((row) => ({ ...row, weight: row.weight * ${(number % 9) + 1} }));`,
    '    }',
    '    return found;',
    '  }',
    '',
  ].join('\n');
}

/** xorshift32: the same edits in every run. */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
