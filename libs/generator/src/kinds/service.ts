import { classIn } from '../classes.ts';
import type { Draft } from '../edit/draft.ts';
import { isExported } from '../modules/declaration.ts';
import { parseName } from '../names.ts';
import type { Options } from '../options.ts';
import { classSubject, writeRegistered } from './registered.ts';
import { layOut } from './template.ts';

/** `service NAME`: a class, its registration under `providers`, and a test that fails without the registration. */
export async function service(draft: Draft, options: Options): Promise<string> {
  const name = parseName(options.args[0] as string, 'service');
  const file = `${name.kebab}.service.ts`;
  const className = `${name.pascal}Service`;
  await writeRegistered(draft, name, options, {
    fileName: { krepis: file, nest: file },
    exportName: { krepis: className, nest: className },
    key: { krepis: 'providers', nest: 'providers' },
    text: ({ dialect, project }) =>
      layOut(
        dialect === 'krepis'
          ? [`export class ${className} {}`]
          : ["import { Injectable } from '@nestjs/common';", '', '@Injectable()', `export class ${className} {}`],
        project.style,
      ),
    isDeclaredIn: (source, wanted) => {
      const found = classIn(source, wanted);
      return found !== undefined && isExported(source, found, wanted);
    },
    subject: classSubject,
  });
  return `service ${name.kebab}`;
}
