import type { Draft } from '../edit/draft.ts';
import { modulesIn } from '../modules/declaration.ts';
import { parseName } from '../names.ts';
import type { Options } from '../options.ts';
import { writeRegistered } from './registered.ts';
import { layOut } from './template.ts';

/** `module NAME`: a module and its registration under `imports` of the module above it. */
export async function module(draft: Draft, options: Options): Promise<string> {
  const name = parseName(options.args[0] as string, 'module');
  const file = `${name.kebab}.module.ts`;
  const names = { krepis: `${name.camel}Module`, nest: `${name.pascal}Module` };
  await writeRegistered(draft, name, options, {
    fileName: { krepis: file, nest: file },
    exportName: names,
    key: { krepis: 'imports', nest: 'imports' },
    text: ({ dialect, project }) =>
      layOut(
        dialect === 'krepis'
          ? [
              "import { defineModule } from '@krepis/core';",
              '',
              `export const ${names.krepis} = defineModule({`,
              `  name: '${name.kebab}',`,
              '  imports: [],',
              '  providers: [],',
              '  routes: [],',
              '  exports: [],',
              '});',
            ]
          : ["import { Module } from '@nestjs/common';", '', '@Module({})', `export class ${names.nest} {}`],
        project.style,
      ),
    isDeclaredIn: (source, wanted) => modulesIn(source).some((found) => found.name === wanted && found.exported),
  });
  return `module ${name.kebab}`;
}
