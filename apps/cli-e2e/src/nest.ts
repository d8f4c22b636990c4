/**
 * NestJS projects for tests. Their packages are the development dependencies of this package, linked one by one into
 * a node_modules of the project's own, so that nothing is downloaded and what a tool writes there stays in the copy.
 */
import { existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { type Outcome, ok, repository } from './krepis.ts';
import { temporary, write } from './workspace.ts';

const sources = [join(repository, 'apps', 'cli-e2e', 'node_modules'), join(repository, 'node_modules')];

/** What package.json of `nest new` names, but for what only formats, lints or measures coverage. */
const packages = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  '@nestjs/testing',
  '@types/express',
  '@types/node',
  '@types/supertest',
  'reflect-metadata',
  'rxjs',
  'supertest',
  'typescript',
];

/** Runs a program of a project on this repository's Node.js; throws unless it ends with 0. */
export function inProject(
  root: string,
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Outcome {
  const node = join(repository, 'node_modules', 'node', 'bin');
  return ok(command, args, root, { PATH: [node, process.env.PATH].join(delimiter), ...env });
}

/** A project by `nest new`: NestJS 12, ESM, vitest. */
export function nestProject(): string {
  const folder = temporary();
  const nest = join(sources[0] ?? '', '.bin', 'nest');
  inProject(folder, nest, ['new', 'app', '--skip-install', '--skip-git', '--package-manager', 'npm']);
  const root = join(folder, 'app');
  link(root, [...packages, '@nestjs/cli', '@nestjs/schematics', 'vite-tsconfig-paths', 'vitest']);
  return root;
}

/**
 * A project as `nest new` of NestJS 11 and earlier made them: CommonJS, Jest, imports without suffix; and, as its team
 * likes it, four spaces and CRLF.
 */
export function olderNestProject(): string {
  const root = join(temporary(), 'older');
  const files = Object.entries(OLDER).map(([path, text]) => [
    path,
    text.replaceAll('  ', '    ').replaceAll('\n', '\r\n'),
  ]);
  write(root, Object.fromEntries(files));
  link(root, [...packages, '@swc/core', '@swc/jest', '@types/jest', 'jest']);
  return root;
}

function link(root: string, names: readonly string[]): void {
  const modules = join(root, 'node_modules');
  mkdirSync(modules);
  for (const name of names) {
    const source = sources.map((folder) => join(folder, name)).find(existsSync);
    if (source === undefined) throw new Error(`${name} is not installed: run \`npx pnpm@12.21.0 install\``);
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(realpathSync(source), join(modules, name));
  }
  symlinkSync(join(sources[0] ?? '', '.bin'), join(modules, '.bin'));
}

const OLDER: Record<string, string> = {
  'package.json': `${JSON.stringify(
    {
      name: 'older',
      version: '0.0.1',
      private: true,
      scripts: { build: 'nest build', test: 'jest' },
      dependencies: {
        '@nestjs/common': '^11.0.1',
        '@nestjs/core': '^11.0.1',
        '@nestjs/platform-express': '^11.0.1',
        'reflect-metadata': '^0.2.2',
        rxjs: '^7.8.1',
      },
      devDependencies: {
        '@nestjs/testing': '^11.0.1',
        '@types/jest': '^30.0.0',
        jest: '^30.0.0',
        typescript: '^5.7.3',
      },
      jest: {
        moduleFileExtensions: ['js', 'json', 'ts'],
        rootDir: 'src',
        testRegex: '.*\\.spec\\.ts$',
        transform: {
          '^.+\\.(t|j)s$': [
            '@swc/jest',
            {
              jsc: {
                parser: { syntax: 'typescript', decorators: true },
                transform: { legacyDecorator: true, decoratorMetadata: true },
              },
              module: { type: 'commonjs' },
            },
          ],
        },
        testEnvironment: 'node',
      },
    },
    null,
    2,
  )}\n`,
  '.prettierrc': '{ "singleQuote": true, "trailingComma": "all", "tabWidth": 4, "endOfLine": "crlf" }\n',
  'nest-cli.json': '{ "collection": "@nestjs/schematics", "sourceRoot": "src" }\n',
  'tsconfig.json': `${JSON.stringify(
    {
      compilerOptions: {
        module: 'commonjs',
        moduleResolution: 'node10',
        ignoreDeprecations: '6.0',
        declaration: true,
        removeComments: true,
        emitDecoratorMetadata: true,
        experimentalDecorators: true,
        allowSyntheticDefaultImports: true,
        target: 'ES2023',
        outDir: './dist',
        rootDir: '.',
        skipLibCheck: true,
        strictNullChecks: true,
        noImplicitAny: true,
        types: ['jest', 'node'],
      },
      include: ['src'],
    },
    null,
    2,
  )}\n`,
  'src/main.ts': `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env.PORT ?? 3000);
}
bootstrap();
`,
  'src/app.module.ts': `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';
import { AppService } from './app.service';

// What the application is made of.
@Module({
  imports: [],
  controllers: [AppController],
  providers: [AppService], // ours
})
export class AppModule {}
`,
  'src/app.controller.ts': `import { Controller, Get } from '@nestjs/common';
import { AppService } from './app.service';

@Controller()
export class AppController {
  constructor(private readonly appService: AppService) {}

  @Get()
  getHello(): string {
    return this.appService.getHello();
  }
}
`,
  'src/app.controller.spec.ts': `import { Test, TestingModule } from '@nestjs/testing';
import { AppController } from './app.controller';
import { AppService } from './app.service';

describe('AppController', () => {
  let appController: AppController;

  beforeEach(async () => {
    const app: TestingModule = await Test.createTestingModule({
      controllers: [AppController],
      providers: [AppService],
    }).compile();

    appController = app.get<AppController>(AppController);
  });

  describe('root', () => {
    it('should return "Hello World!"', () => {
      expect(appController.getHello()).toBe('Hello World!');
    });
  });
});
`,
  'src/app.service.ts': `import { Injectable } from '@nestjs/common';

@Injectable()
export class AppService {
  getHello(): string {
    return 'Hello World!';
  }
}
`,
};
