import { ts } from 'ts-morph';
import { classIn } from '../classes.ts';
import type { Draft } from '../edit/draft.ts';
import { isExported } from '../modules/declaration.ts';
import { scopeIn } from '../modules/scope.ts';
import { type Name, parseName } from '../names.ts';
import type { Options } from '../options.ts';
import { below, directoryOf } from '../project/paths.ts';
import type { Source } from '../source.ts';
import { type Context, classSubject, specifierFrom, writeRegistered } from './registered.ts';
import { importLines, layOut } from './template.ts';

/**
 * `controller NAME`: routes (Krepis) or a controller class (NestJS), registered in the nearest module, with a test that fails
 * without the registration. A service of the same name beside it is injected if the module sees it.
 */
export async function controller(draft: Draft, options: Options): Promise<string> {
  const name = parseName(options.args[0] as string, 'controller');
  await writeRegistered(draft, name, options, {
    fileName: { krepis: `${name.kebab}.routes.ts`, nest: `${name.kebab}.controller.ts` },
    exportName: { krepis: `${name.camel}Routes`, nest: `${name.pascal}Controller` },
    key: { krepis: 'routes', nest: 'controllers' },
    text: (context) => (context.dialect === 'krepis' ? routesText(context) : controllerText(context)),
    isDeclaredIn,
    subject: (context) => (context.dialect === 'krepis' ? { url: `/${name.kebab}` } : classSubject(context)),
  });
  return `controller ${name.kebab}`;
}

function routesText(context: Context): string {
  const { name, exportName, project } = context;
  const service = serviceBeside(context);
  const imports: [string, string][] = [[service === undefined ? '{ routes }' : '{ inject, routes }', '@krepis/core']];
  if (service === undefined) {
    return layOut(
      [
        ...importLines(imports),
        '',
        `export const ${exportName} = routes('/${name.kebab}', {`,
        `  'GET /': () => ({ name: '${name.kebab}' }),`,
        '});',
      ],
      project.style,
    );
  }
  imports.push([`{ ${service.name} }`, service.specifier]);
  return layOut(
    [
      ...importLines(imports),
      '',
      `export const ${exportName} = routes('/${name.kebab}', () => {`,
      `  const service = inject(${service.name});`,
      '  return {',
      `    'GET /': () => ({ name: '${name.kebab}', service: service.constructor.name }),`,
      '  };',
      '});',
    ],
    project.style,
  );
}

function controllerText(context: Context): string {
  const { name, exportName, project } = context;
  const service = serviceBeside(context);
  const imports: [string, string][] = [['{ Controller }', '@nestjs/common']];
  const head = (): string[] => [...importLines(imports), '', `@Controller('${name.kebab}')`];
  if (service === undefined) return layOut([...head(), `export class ${exportName} {}`], project.style);
  imports.push([`{ ${service.name} }`, service.specifier]);
  return layOut(
    [
      ...head(),
      `export class ${exportName} {`,
      `  constructor(private readonly ${name.camel}Service: ${service.name}) {}`,
      '}',
    ],
    project.style,
  );
}

/** The exported service of the same name in the same folder, if it can be injected there. */
function serviceBeside(context: Context): { readonly name: string; readonly specifier: string } | undefined {
  const { draft, path, module } = context;
  const { kebab, pascal }: Name = context.name;
  const file = below(directoryOf(path), `${kebab}.service.ts`);
  const name = `${pascal}Service`;
  if (draft.view.readBytes(file) === undefined) return undefined;
  const source = draft.source(file);
  const found = classIn(source, name);
  if (found === undefined || !isExported(source, found, name)) return undefined;
  if (scopeIn(draft, module, { name, from: { file } }) === 'hidden') return undefined;
  return { name, specifier: specifierFrom(context, path, file) };
}

function isDeclaredIn(source: Source, name: string): boolean {
  return source.file.statements.some((statement) => {
    const declares = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.some(
          (declaration) => ts.isIdentifier(declaration.name) && declaration.name.text === name,
        )
      : ts.isClassDeclaration(statement) && statement.name?.text === name;
    return declares && isExported(source, statement, name);
  });
}
