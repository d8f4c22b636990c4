import type { View } from '@krepis/plugin';
import { isRecord, readJson } from './json.ts';
import { below } from './paths.ts';

/** How a package's tests are written. */
export interface TestSetup {
  readonly runner: 'node' | 'vitest' | 'jest';
  /** `billing.service.SUFFIX.ts` */
  readonly suffix: 'spec' | 'test';
  /** Whether `test`, `describe` and `expect` are there without an import. */
  readonly globals: boolean;
}

type Json = Readonly<Record<string, unknown>>;

interface Setting {
  readonly directory: string;
  readonly root: string;
  readonly isNest: boolean;
  /** The package.json files around it, nearest first. */
  readonly packages: readonly Json[];
}

/** Looks at scripts, dependencies, configuration and the tests that are there. */
export function testSetup(view: View, setting: Setting): TestSetup {
  const runner = runnerOf(setting);
  return { runner, suffix: suffixOf(view, setting), globals: hasGlobals(view, setting, runner) };
}

function runnerOf({ packages, isNest }: Setting): TestSetup['runner'] {
  for (const json of packages) {
    const scripts = json.scripts;
    const script = isRecord(scripts) ? String(scripts.test ?? '') : '';
    if (/\bvitest\b/.test(script)) return 'vitest';
    if (/\bjest\b/.test(script)) return 'jest';
    if (/--test\b/.test(script)) return 'node';
    const dependencies = ['dependencies', 'devDependencies'].map((kind) => json[kind]).filter(isRecord);
    if (dependencies.some((table) => 'vitest' in table)) return 'vitest';
    if (dependencies.some((table) => 'jest' in table)) return 'jest';
  }
  return isNest ? 'jest' : 'node';
}

function suffixOf(view: View, { directory, root, isNest }: Setting): TestSetup['suffix'] {
  const options = readJson(view, below(directory, 'nest-cli.json'))?.generateOptions;
  const wanted = isRecord(options) ? options.specFileSuffix : undefined;
  if (wanted === 'spec' || wanted === 'test') return wanted;
  const counts = { spec: 0, test: 0 };
  let folders = [root];
  for (let visited = 0; folders.length > 0 && visited < 200 && counts.spec + counts.test < 20; visited += 1) {
    const [folder, ...rest] = folders as [string, ...string[]];
    folders = rest;
    for (const { name, kind } of view.list(folder)) {
      if (kind === 'directory' && name !== 'node_modules' && !name.startsWith('.')) folders.push(below(folder, name));
      const suffix = /\.(spec|test)\.[cm]?tsx?$/.exec(name)?.[1];
      if (suffix === 'spec' || suffix === 'test') counts[suffix] += 1;
    }
  }
  if (counts.spec === counts.test) return isNest ? 'spec' : 'test';
  return counts.spec > counts.test ? 'spec' : 'test';
}

function hasGlobals(view: View, { directory }: Setting, runner: TestSetup['runner']): boolean {
  if (runner !== 'vitest') return runner === 'jest';
  return ['vitest.config', 'vite.config']
    .flatMap((name) => ['ts', 'mts', 'js', 'mjs'].map((extension) => below(directory, `${name}.${extension}`)))
    .some((path) => /\bglobals\s*:\s*true\b/.test(view.read(path) ?? ''));
}
