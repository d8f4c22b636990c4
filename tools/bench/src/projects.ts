/** The projects that ours and the peers generate into: equal copies of one. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Command, run } from './measure.ts';
import { type InstalledPeers, program } from './peers.ts';

/** A project to generate services into. */
export interface Project {
  readonly root: string;
  /** Folder of the sources, relative to the root. */
  readonly source: string;
}

/**
 * A project by `nest new`, with the peers' node_modules.
 *
 * @param root - made anew
 */
export async function nestProject(root: string, peers: InstalledPeers, env: NodeJS.ProcessEnv): Promise<Project> {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(dirname(root), { recursive: true });
  const args = [
    program(peers, '@nestjs/cli', 'nest'),
    'new',
    basename(root),
    '--skip-install',
    '--skip-git',
    '--package-manager',
    'npm',
  ];
  await run({ file: process.execPath, args, cwd: dirname(root), env });
  symlinkSync(peers.modules, join(root, 'node_modules'), 'dir');
  return { root, source: 'src' };
}

/**
 * An Nx workspace with one NestJS application in apps/api and one element in krepis.json.
 *
 * @param root - made anew
 */
export function nxWorkspace(root: string, peers: InstalledPeers): Project {
  rmSync(root, { recursive: true, force: true });
  const dependencies = JSON.parse(readFileSync(join(dirname(peers.modules), 'package.json'), 'utf8')).dependencies;
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const source = 'apps/api/src';
  write(root, {
    'package.json': json({ name: 'workspace', version: '0.0.0', private: true, dependencies }),
    'nx.json': json({
      $schema: './node_modules/nx/schemas/nx-schema.json',
      analytics: false,
      neverConnectToCloud: true,
    }),
    '.prettierrc': json({ singleQuote: true }),
    'tsconfig.base.json': json({
      compilerOptions: {
        target: 'es2022',
        module: 'nodenext',
        moduleResolution: 'nodenext',
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        strict: true,
        skipLibCheck: true,
      },
    }),
    'krepis.json': json({
      schema: 1,
      runtime: 'standard',
      root: source,
      elements: [{ name: 'api', files: [`${source}/**`] }],
      rules: [],
    }),
    'apps/api/project.json': json({
      name: 'api',
      $schema: '../../node_modules/nx/schemas/project-schema.json',
      sourceRoot: source,
      projectType: 'application',
      targets: {},
    }),
    'apps/api/tsconfig.json': json({ extends: '../../tsconfig.base.json', include: ['src'] }),
    [`${source}/app.module.ts`]: [
      "import { Module } from '@nestjs/common';",
      "import { AppController } from './app.controller';",
      "import { AppService } from './app.service';",
      '',
      '@Module({',
      '  imports: [],',
      '  controllers: [AppController],',
      '  providers: [AppService],',
      '})',
      'export class AppModule {}',
      '',
    ].join('\n'),
    [`${source}/app.controller.ts`]: [
      "import { Controller, Get } from '@nestjs/common';",
      "import { AppService } from './app.service';",
      '',
      '@Controller()',
      'export class AppController {',
      '  constructor(private readonly appService: AppService) {}',
      '',
      '  @Get()',
      '  getData() {',
      '    return this.appService.getData();',
      '  }',
      '}',
      '',
    ].join('\n'),
    [`${source}/app.service.ts`]: [
      "import { Injectable } from '@nestjs/common';",
      '',
      '@Injectable()',
      'export class AppService {',
      '  getData(): { message: string } {',
      "    return { message: 'Hello API' };",
      '  }',
      '}',
      '',
    ].join('\n'),
  });
  symlinkSync(peers.modules, join(root, 'node_modules'), 'dir');
  return { root, source };
}

/** An equal copy of a project. */
export function copyOf({ root, source }: Project, to: string): Project {
  rmSync(to, { recursive: true, force: true });
  cpSync(root, to, { recursive: true, verbatimSymlinks: true });
  return { root: to, source };
}

/** Compares a project before and after a service was generated into it, and takes the service out without krepis. */
export interface Generated {
  /** Throws unless the service's class, its test and its registration are there: a run that did nothing is no result. */
  assertThere(name: string): void;
  /** Throws unless the sources are as they were before. */
  assertGone(name: string): void;
  /** Removes the service's folder and puts the module's text back. */
  remove(name: string): void;
}

/** Watches one project's module; call it before the first run. */
export function watch({ root, source }: Project): Generated {
  const module = join(root, source, 'app.module.ts');
  const before = readFileSync(module, 'utf8');
  const folder = (name: string) => join(root, source, name);
  return {
    assertThere(name) {
      const files = [`${name}.service.ts`, `${name}.service.spec.ts`].map((file) => join(folder(name), file));
      for (const file of files) if (!existsSync(file)) throw new Error(`${file} was not generated`);
      const className = /export class (\w+)/.exec(readFileSync(files[0] ?? '', 'utf8'))?.[1];
      if (
        className === undefined ||
        !new RegExp(`providers: \\[[^\\]]*\\b${className}\\b`).test(readFileSync(module, 'utf8'))
      ) {
        throw new Error(`${className ?? name} is not among the providers of ${module}`);
      }
    },
    assertGone(name) {
      if (existsSync(folder(name))) throw new Error(`${folder(name)} is still there`);
      if (readFileSync(module, 'utf8') !== before) throw new Error(`${module} is not as it was`);
    },
    remove(name) {
      rmSync(folder(name), { recursive: true, force: true });
      writeFileSync(module, before);
    },
  };
}

/** A command in a project's root. */
export function inProject({ root }: Project, file: string, args: readonly string[], env: NodeJS.ProcessEnv): Command {
  return { file, args, cwd: root, env };
}

function write(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
