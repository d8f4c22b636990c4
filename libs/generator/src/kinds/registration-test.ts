import type { Dialect, Project } from '../project/project.ts';
import type { TestSetup } from '../project/test-setup.ts';
import { importLines, layOut } from './template.ts';

/** What a generated test shows: that a module has what was generated. */
export interface Registration {
  readonly dialect: Dialect;
  /** The module's name and how the test imports it. */
  readonly module: { readonly name: string; readonly specifier: string };
  /** A class that is got from the module, or a path that it answers. */
  readonly subject: { readonly name: string; readonly specifier: string } | { readonly url: string };
}

/** The text of a test that fails if the registration is missing. */
export function registrationTest(registration: Registration, project: Project): string {
  const { module, dialect, subject } = registration;
  const { tests } = project;
  const imports: [string, string][] = [[`{ ${module.name} }`, module.specifier], ...runnerImports(tests, dialect)];
  if ('name' in subject) imports.push([`{ ${subject.name} }`, subject.specifier]);
  const body = dialect === 'krepis' ? krepisBody(registration, tests) : nestBody(registration, tests);
  return layOut([...importLines(imports), '', ...body], project.style);
}

function runnerImports({ runner, globals }: TestSetup, dialect: Dialect): [string, string][] {
  const framework: [string, string] =
    dialect === 'krepis' ? ['{ createTestApp }', '@krepis/core/testing'] : ['{ Test }', '@nestjs/testing'];
  if (runner === 'node') return [['assert', 'node:assert/strict'], ['{ test }', 'node:test'], framework];
  const names = dialect === 'krepis' ? '{ expect, test }' : '{ describe, expect, it }';
  return globals ? [framework] : [framework, [names, runner === 'jest' ? '@jest/globals' : 'vitest']];
}

function krepisBody({ module, subject }: Registration, { runner }: TestSetup): string[] {
  const isNode = runner === 'node';
  const [title, ...check] =
    'url' in subject
      ? [
          `${module.name} answers GET ${subject.url}`,
          `    const response = await app.inject('${subject.url}');`,
          isNode ? '    assert.equal(response.status, 200);' : '    expect(response.status).toBe(200);',
        ]
      : [
          `${module.name} provides ${subject.name}`,
          isNode
            ? `    assert.ok((await app.get(${subject.name})) instanceof ${subject.name});`
            : `    expect(await app.get(${subject.name})).toBeInstanceOf(${subject.name});`,
        ];
  return [
    `test('${title}', async () => {`,
    `  const app = createTestApp(${module.name});`,
    '  try {',
    ...check,
    '  } finally {',
    '    await app.close();',
    '  }',
    '});',
  ];
}

function nestBody({ module, subject }: Registration, { runner }: TestSetup): string[] {
  if ('url' in subject) throw new Error('a NestJS test asks for a class');
  const { name } = subject;
  const compile = [
    'const moduleRef = await Test.createTestingModule({',
    `  imports: [${module.name}],`,
    '}).compile();',
  ];
  if (runner === 'node') {
    return [
      `test('${module.name} has ${name}', async () => {`,
      ...compile.map((line) => `  ${line}`),
      `  assert.ok(moduleRef.get(${name}) instanceof ${name});`,
      '  await moduleRef.close();',
      '});',
    ];
  }
  return [
    `describe('${name}', () => {`,
    `  it('is part of ${module.name}', async () => {`,
    ...compile.map((line) => `    ${line}`),
    '',
    `    expect(moduleRef.get(${name})).toBeInstanceOf(${name});`,
    '    await moduleRef.close();',
    '  });',
    '});',
  ];
}
