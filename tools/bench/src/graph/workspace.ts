/** Workspaces of many projects, for the time that a graph takes: packages and crates that depend on earlier ones, an addon, messages. */
import { type Files, json } from '../truth/workspace.ts';

/** How large a workspace is. */
export interface Size {
  readonly packages: number;
  readonly crates: number;
}

/** The sizes that are measured. */
export const SIZES: readonly Size[] = [
  { packages: 20, crates: 5 },
  { packages: 100, crates: 20 },
  { packages: 300, crates: 50 },
];

/** `100+20`, as rows name a size. */
export const nameOf = ({ packages, crates }: Size) => `${packages}+${crates}`;

const packageName = (index: number) => `p${String(index).padStart(3, '0')}`;
const crateName = (index: number) => `c${String(index).padStart(2, '0')}`;

/** Up to `count` earlier ones, spread out: what real projects look like, no chain and no star. */
function earlier(index: number, count: number): number[] {
  const found = new Set<number>();
  for (let step = 1; step <= count && index > 0; step += 1) found.add(Math.floor((index * step) / (count + 1)));
  return [...found].filter((other) => other < index);
}

/**
 * The files of a workspace of one size, without Cargo.lock.
 *
 * Beside the packages and crates that are counted: an addon on the first crate, which the first package loads; a module
 * of messages, generated into a crate and a package.
 */
export function workspaceFiles({ packages, crates }: Size): Files {
  const files: Record<string, string> = {
    '.gitignore': 'node_modules\ntarget\ndist\n.nx\n.turbo\n*.node\nindex.js\nindex.d.ts\ngen\n',
    'package.json': json({
      name: 'graph-workspace',
      version: '0.0.0',
      private: true,
      // Turborepo wants to know; the packages install nothing, so that there is no lock file to read.
      packageManager: 'npm@11.0.0',
      workspaces: ['packages/*'],
    }),
    'tsconfig.base.json': json({
      compilerOptions: {
        target: 'es2022',
        lib: ['es2022'],
        module: 'nodenext',
        moduleResolution: 'nodenext',
        strict: true,
        declaration: true,
        skipLibCheck: true,
        types: [],
      },
    }),
    'Cargo.toml': [
      '[workspace]',
      'resolver = "3"',
      'members = ["crates/*", "packages/native"]',
      '',
      '[workspace.metadata]',
      'name = "graph-workspace-crates"',
      '',
    ].join('\n'),
    'buf.yaml': 'version: v2\nmodules:\n  - path: proto\n',
    'buf.gen.yaml': [
      'version: v2',
      'plugins:',
      '  - local: protoc-gen-es',
      '    out: packages/messages/src/gen',
      '    opt: [target=ts]',
      '  - local: protoc-gen-es',
      '    out: crates/wire/src/gen',
      '    opt: [target=js]',
      '',
    ].join('\n'),
    'proto/graph/v1/graph.proto': [
      'syntax = "proto3";',
      'package graph.v1;',
      'message Node {',
      '  string name = 1;',
      '}',
      '',
    ].join('\n'),
  };
  const crate = (folder: string, name: string, dependencies: readonly string[], lib: readonly string[] = []) => {
    files[`${folder}/Cargo.toml`] = [
      '[package]',
      `name = "${name}"`,
      'version = "0.1.0"',
      'edition = "2024"',
      'publish = false',
      '',
      ...lib,
      '[dependencies]',
      ...dependencies,
      '',
    ].join('\n');
  };
  const path = (index: number, from: string) => `${crateName(index)} = { path = "${from}${crateName(index)}" }`;
  for (let index = 0; index < crates; index += 1) {
    const folder = `crates/${crateName(index)}`;
    const external = index % 5 === 0 ? ['itoa = "1"'] : [];
    crate(folder, crateName(index), [...earlier(index, 2).map((other) => path(other, '../')), ...external]);
    files[`${folder}/src/lib.rs`] = `//! Crate ${index}.\n\n/// A value.\npub const VALUE: u32 = ${index};\n`;
  }
  crate('crates/wire', 'wire', []);
  files['crates/wire/src/lib.rs'] = '//! Messages.\n';
  crate(
    'packages/native',
    'graph-native',
    [
      'napi = { version = "3", default-features = false, features = ["napi4"] }',
      'napi-derive = "3"',
      path(0, '../../crates/'),
    ],
    ['[lib]', 'crate-type = ["cdylib"]', 'test = false', '', '[build-dependencies]', 'napi-build = "2"', ''],
  );
  files['packages/native/build.rs'] = 'fn main() {\n    napi_build::setup();\n}\n';
  files['packages/native/src/lib.rs'] = [
    '//! The addon.',
    '',
    '/// A value.',
    '#[napi_derive::napi]',
    'pub fn value() -> u32 {',
    '    c00::VALUE',
    '}',
    '',
  ].join('\n');
  files['packages/native/package.json'] = json({
    name: '@graph/native',
    version: '0.1.0',
    private: true,
    main: 'index.js',
    napi: { binaryName: 'native' },
  });
  const npmPackage = (name: string, dependencies: readonly string[], source: string) => {
    const folder = `packages/${name}`;
    files[`${folder}/package.json`] = json({
      name: `@graph/${name}`,
      version: '0.1.0',
      private: true,
      main: 'dist/index.js',
      dependencies: Object.fromEntries(dependencies.map((dependency) => [`@graph/${dependency}`, '0.1.0'])),
    });
    files[`${folder}/tsconfig.json`] = json({ extends: '../../tsconfig.base.json', include: ['src'] });
    files[`${folder}/tsconfig.build.json`] = json({
      extends: '../../tsconfig.base.json',
      compilerOptions: { rootDir: 'src', outDir: 'dist' },
      include: ['src/index.ts'],
    });
    files[`${folder}/src/index.ts`] = source;
  };
  for (let index = 0; index < packages; index += 1) {
    const own = index === 0 ? ['native'] : index === 1 ? ['messages'] : [];
    const dependencies = [...earlier(index, 3).map(packageName), ...own];
    npmPackage(packageName(index), dependencies, `/** Package ${index}. */\nexport const VALUE = ${index};\n`);
  }
  npmPackage('messages', [], '/** Messages. */\nexport const MESSAGES = 1;\n');
  return files;
}
