/**
 * The workspace of the truth table: a real one, of pnpm, Cargo and buf, small enough to build often.
 *
 * ```text
 * crates/leaf <- crates/mid <- packages/native (addon) <- packages/core <- packages/feature <- apps/app
 *                           <- apps/tool (binary)                          |                   |
 * crates/digits (itoa) <------ apps/tool              packages/words <-----+                   |
 * proto -> crates/wire <------ apps/tool      proto -> packages/messages <---------------------+
 * crates/picky (form_urlencoded -> percent-encoding; includes its README), crates/lonely, packages/island: used by nobody
 * ```
 *
 * `crates/mid` names `crates/leaf` by another name and by `workspace = true`; the addon's crate is not called as its
 * package is; generated code is in no commit.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Text of a workspace's files by path, with `/`. */
export type Files = Readonly<Record<string, string>>;

/** The crates: folder -> name. */
export const CRATES = {
  'apps/tool': 'truth-tool',
  'crates/digits': 'truth-digits',
  'crates/leaf': 'truth-leaf',
  'crates/lonely': 'truth-lonely',
  'crates/mid': 'truth-mid',
  'crates/picky': 'truth-picky',
  'crates/wire': 'truth-wire',
  'packages/native': 'truth-native',
} as const;

/** The TypeScript packages: folder -> name. `packages/native`, the addon, is none: it has a loader in JavaScript. */
export const PACKAGES = {
  'apps/app': '@truth/app',
  'packages/core': '@truth/core',
  'packages/feature': '@truth/feature',
  'packages/island': '@truth/island',
  'packages/messages': '@truth/messages',
  'packages/words': '@truth/words',
} as const;

/** Which workspace packages a package depends on. */
export const PACKAGE_DEPENDENCIES: Readonly<Record<keyof typeof PACKAGES, readonly string[]>> = {
  'apps/app': ['@truth/feature', '@truth/messages'],
  'packages/core': ['@truth/addon'],
  'packages/feature': ['@truth/core', '@truth/words'],
  'packages/island': [],
  'packages/messages': [],
  'packages/words': [],
};

/** Which crates a crate depends on, by folder. */
export const CRATE_DEPENDENCIES: Readonly<Record<keyof typeof CRATES, readonly (keyof typeof CRATES)[]>> = {
  'apps/tool': ['crates/digits', 'crates/mid', 'crates/wire'],
  'crates/digits': [],
  'crates/leaf': [],
  'crates/lonely': [],
  'crates/mid': ['crates/leaf'],
  'crates/picky': [],
  'crates/wire': [],
  'packages/native': ['crates/mid'],
};

/** Versions of the two external crates that are raised in Cargo.lock. */
export const EXTERNALS = {
  itoa: { before: '1.0.15', after: '1.0.17' },
  'percent-encoding': { before: '2.3.1', after: '2.3.2' },
} as const;

/** What every workspace installs in its root, whichever tool builds it. */
export const DEV_DEPENDENCIES = {
  '@biomejs/biome': '2.6.8',
  '@bufbuild/buf': '1.75.0',
  '@bufbuild/protobuf': '2.17.0',
  '@bufbuild/protoc-gen-es': '2.17.0',
  '@bufbuild/protoplugin': '2.17.0',
  '@napi-rs/cli': '3.10.12',
  '@swc/core': '1.16.22',
  '@swc/jest': '0.2.39',
  '@types/jest': '30.0.0',
  '@types/node': '24.19.2',
  jest: '30.5.2',
  typescript: '6.0.3',
} as const;

/** Indented JSON with a newline at its end. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Writes files below a folder. */
export function writeFiles(root: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** All files of the workspace that do not depend on the tool. Its package.json files have no scripts. */
export function workspaceFiles(): Files {
  return { ...rootFiles(), ...rustFiles(), ...typescriptFiles(), ...protoFiles() };
}

function rootFiles(): Files {
  return {
    '.gitignore': [
      'node_modules',
      'target',
      'dist',
      '.nx',
      '.turbo',
      '*.node',
      'packages/native/index.js',
      'packages/native/index.d.ts',
      'crates/wire/src/gen',
      'packages/messages/src/gen',
      '',
    ].join('\n'),
    'README.md': '# Truth\n',
    'biome.json': json({
      formatter: { enabled: false },
      assist: { enabled: false },
      files: { includes: ['**', '!**/dist', '!**/gen', '!**/index.js', '!**/index.d.ts'] },
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
        types: ['node', 'jest'],
      },
    }),
    'jest.preset.cjs': [
      "// The tests' own configuration, shared: one compiler for TypeScript, no watchers.",
      'module.exports = {',
      "  testEnvironment: 'node',",
      "  testMatch: ['<rootDir>/src/**/*.test.ts'],",
      "  transform: { '^.+\\\\.ts$': ['@swc/jest', { module: { type: 'commonjs' } }] },",
      '};',
      '',
    ].join('\n'),
  };
}

function rustFiles(): Files {
  const member = (name: string, body: string) =>
    [
      '[package]',
      `name = "${name}"`,
      'version = "0.1.0"',
      'edition = "2024"',
      'publish = false',
      '',
      '[lints]',
      'workspace = true',
      '',
      body,
    ].join('\n');
  const test = (assertion: string) =>
    [
      '',
      '#[cfg(test)]',
      'mod tests {',
      '    #[test]',
      '    fn answers() {',
      `        ${assertion}`,
      '    }',
      '}',
      '',
    ].join('\n');
  return {
    'Cargo.toml': [
      '[workspace]',
      'resolver = "3"',
      `members = [${Object.keys(CRATES)
        .map((folder) => `"${folder}"`)
        .join(', ')}]`,
      '',
      '[workspace.metadata]',
      'name = "truth-workspace-crates"',
      '',
      '[workspace.dependencies]',
      'base = { path = "crates/leaf", package = "truth-leaf" }',
      'truth-mid = { path = "crates/mid" }',
      '',
      '[workspace.lints.rust]',
      'unexpected_cfgs = { level = "allow", priority = 1 }',
      '',
      '[profile.dev]',
      'debug = "line-tables-only"',
      'debug-assertions = true',
      '',
      // Procedural macros are built once, whatever an edit does to the profile: they decide nothing here and take long.
      '[profile.dev.build-override]',
      'debug-assertions = false',
      '',
      '[profile.dev.package."*"]',
      'debug = false',
      '',
      // The panic messages of this one crate name its version: the artefact says which it was built with.
      '[profile.dev.package.itoa]',
      'debug = "line-tables-only"',
      '',
    ].join('\n'),
    '.cargo/config.toml': ['[build]', 'rustflags = ["--cfg", "truth_config=\\"one\\""]', ''].join('\n'),
    'rust-toolchain.toml': ['[toolchain]', 'components = ["clippy"]', ''].join('\n'),

    'crates/leaf/Cargo.toml': member('truth-leaf', ''),
    'crates/leaf/README.md': '# Leaf\n\nOf no consequence.\n',
    'crates/leaf/src/lib.rs': [
      '//! What everything else reports.',
      '',
      '/// The value an edit changes.',
      'pub const VALUE: &str = "leaf-1";',
      '',
      '/// What this crate was compiled under.',
      'pub fn settings() -> String {',
      '    format!(',
      '        "flag={} config={} assertions={} panic={} toolchain={}",',
      '        cfg!(truth_flag),',
      '        if cfg!(truth_config = "two") { "two" } else { "one" },',
      '        cfg!(debug_assertions),',
      '        if cfg!(panic = "abort") { "abort" } else { "unwind" },',
      '        cfg!(truth_toolchain)',
      '    )',
      '}',
      test('assert!(super::VALUE.starts_with("leaf-"));'),
    ].join('\n'),

    'crates/mid/Cargo.toml': member('truth-mid', '[dependencies]\nbase = { workspace = true }\n'),
    'crates/mid/src/lib.rs': [
      '//! Between the leaf and those that ship.',
      '',
      '/// All that is known here.',
      'pub fn describe() -> String {',
      '    format!("{} mid-1 {}", base::VALUE, base::settings())',
      '}',
      test('assert!(super::describe().contains("mid-"));'),
    ].join('\n'),

    'crates/digits/Cargo.toml': member('truth-digits', '[dependencies]\nitoa = "1"\n'),
    'crates/digits/src/lib.rs': [
      '//! The one crate with itoa.',
      '',
      '/// A number in digits.',
      'pub fn digits(number: u64) -> String {',
      '    itoa::Buffer::new().format(number).to_owned()',
      '}',
      test('assert_eq!(super::digits(42), "42");'),
    ].join('\n'),

    'crates/picky/Cargo.toml': member('truth-picky', '[dependencies]\nform_urlencoded = "1.2"\n'),
    'crates/picky/README.md': '# Picky\n\nPart of the source: `picky-1`.\n',
    'crates/picky/src/lib.rs': [
      '#![doc = include_str!("../README.md")]',
      '',
      '/// The read-me, compiled in.',
      'pub const README: &str = include_str!("../README.md");',
      '',
      '/// Text as in a form.',
      'pub fn encode(text: &str) -> String {',
      '    form_urlencoded::byte_serialize(text.as_bytes()).collect()',
      '}',
      test('assert_eq!(super::encode("a b"), "a+b");'),
    ].join('\n'),

    'crates/wire/Cargo.toml': member('truth-wire', ''),
    'crates/wire/src/lib.rs': [
      '//! What buf generated.',
      '',
      '#[path = "gen/fields.rs"]',
      'mod fields;',
      'pub use fields::{FIELDS, PREFIX};',
      test('assert!(!super::FIELDS.is_empty());'),
    ].join('\n'),

    'crates/lonely/Cargo.toml': member('truth-lonely', ''),
    'crates/lonely/src/lib.rs': [
      '//! Used by nobody.',
      '',
      '/// A value.',
      'pub const VALUE: u32 = 1;',
      test('assert_eq!(super::VALUE, 1);'),
    ].join('\n'),

    'apps/tool/Cargo.toml': member(
      'truth-tool',
      [
        '[dependencies]',
        'middle = { path = "../../crates/mid", package = "truth-mid" }',
        'truth-digits = { path = "../../crates/digits" }',
        'truth-wire = { path = "../../crates/wire" }',
        '',
      ].join('\n'),
    ),
    'apps/tool/src/main.rs': [
      '//! Prints what it was built from.',
      '',
      'fn main() {',
      '    println!("{}", middle::describe());',
      '    println!("{}", truth_digits::digits(42));',
      '    println!("{} {}", truth_wire::PREFIX, truth_wire::FIELDS.join(","));',
      '}',
      test('assert!(middle::describe().contains("mid-"));'),
    ].join('\n'),

    'packages/native/Cargo.toml': [
      '[package]',
      'name = "truth-native"',
      'version = "0.1.0"',
      'edition = "2024"',
      'publish = false',
      '',
      '[lib]',
      'crate-type = ["cdylib"]',
      // Its tests are those of the packages that load it.
      'test = false',
      'doctest = false',
      '',
      '[lints]',
      'workspace = true',
      '',
      '[dependencies]',
      'napi = { version = "3", default-features = false, features = ["napi4"] }',
      'napi-derive = "3"',
      'truth-mid = { workspace = true }',
      '',
      '[build-dependencies]',
      'napi-build = "2"',
      '',
    ].join('\n'),
    'packages/native/build.rs': 'fn main() {\n    napi_build::setup();\n}\n',
    'packages/native/src/lib.rs': [
      '//! The addon.',
      '',
      'use napi_derive::napi;',
      '',
      '/// All that is known below.',
      '#[napi]',
      'pub fn describe() -> String {',
      '    format!("{} native-1", truth_mid::describe())',
      '}',
      '',
    ].join('\n'),
    'packages/native/package.json': json({
      name: '@truth/addon',
      version: '0.1.0',
      private: true,
      main: 'loader.cjs',
      types: 'loader.d.cts',
      files: ['loader.cjs', 'loader.d.cts', 'index.js', 'index.d.ts', '*.node'],
      napi: { binaryName: 'addon', targets: ['x86_64-unknown-linux-gnu', 'aarch64-apple-darwin'] },
    }),
    'packages/native/loader.cjs': [
      "const native = require('./index.js');",
      '',
      '/** What the addon says, and the loader. */',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: text of a file
      'exports.describe = () => `${native.describe()} loader-1`;',
      '',
    ].join('\n'),
    'packages/native/loader.d.cts': [
      "import type * as native from './index.js';",
      '',
      'export declare const describe: typeof native.describe;',
      '',
    ].join('\n'),
  };
}

function typescriptFiles(): Files {
  const sources: Record<keyof typeof PACKAGES, readonly [source: string, test: string]> = {
    'packages/core': [
      [
        "import { describe } from '@truth/addon';",
        '',
        '/** What the addon says, and this package. */',
        'export function core(): string {',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: text of a file
        '  return `${describe()} core-1`;',
        '}',
      ].join('\n'),
      "import { core } from './index';\n\ntest('the addon answers', () => expect(core()).toMatch(/leaf-\\d.*core-\\d/));",
    ],
    'packages/words': [
      '/** A literal: its value is its type. */\nexport const WORD = "word-1";',
      "import { WORD } from './index';\n\ntest('has a word', () => expect(WORD).toMatch(/word-/));",
    ],
    'packages/feature': [
      [
        "import { core } from '@truth/core';",
        "import { WORD } from '@truth/words';",
        '',
        '/** All that is below. */',
        'export function feature(): string {',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: text of a file
        '  return `${core()} ${WORD} feature-1`;',
        '}',
      ].join('\n'),
      "import { feature } from './index';\n\ntest('has both', () => expect(feature()).toMatch(/leaf-\\d.*word-\\d/));",
    ],
    'packages/messages': [
      [
        "import { GreetingSchema } from './gen/truth/greeting/v1/greeting_pb';",
        '',
        '/** Names of the fields. */',
        'export function fields(): string[] {',
        '  return GreetingSchema.fields.map(({ name }) => name);',
        '}',
      ].join('\n'),
      "import { fields } from './index';\n\ntest('has fields', () => expect(fields()).toContain('name'));",
    ],
    'packages/island': [
      '/** Used by nobody. */\nexport const ISLAND = 1;',
      "import { ISLAND } from './index';\n\ntest('is there', () => expect(ISLAND).toBe(1));",
    ],
    'apps/app': [
      [
        "import { feature } from '@truth/feature';",
        "import { fields } from '@truth/messages';",
        '',
        '/** Everything. */',
        'export function app(): string {',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: text of a file
        '  return `${feature()} ${fields().join(",")} app-1`;',
        '}',
        '',
        'if (require.main === module) console.log(app());',
      ].join('\n'),
      "import { app } from './index';\n\ntest('has everything', () => expect(app()).toMatch(/leaf-\\d.*name/));",
    ],
  };
  const files: Record<string, string> = {};
  for (const [folder, [source, test]] of Object.entries(sources) as [
    keyof typeof PACKAGES,
    readonly [string, string],
  ][]) {
    files[`${folder}/package.json`] = json({
      name: PACKAGES[folder],
      version: '0.1.0',
      private: true,
      main: 'dist/index.js',
      types: 'dist/index.d.ts',
      dependencies: {
        ...Object.fromEntries(PACKAGE_DEPENDENCIES[folder].map((name) => [name, 'workspace:*'])),
        ...(folder === 'packages/messages' ? { '@bufbuild/protobuf': DEV_DEPENDENCIES['@bufbuild/protobuf'] } : {}),
      },
    });
    files[`${folder}/tsconfig.json`] = json({
      extends: '../../tsconfig.base.json',
      compilerOptions: { noEmit: true },
      include: ['src'],
    });
    files[`${folder}/tsconfig.build.json`] = json({
      extends: '../../tsconfig.base.json',
      compilerOptions: { rootDir: 'src', outDir: 'dist', types: ['node'] },
      include: ['src'],
      exclude: ['src/**/*.test.ts'],
    });
    files[`${folder}/jest.config.cjs`] =
      "module.exports = { ...require('../../jest.preset.cjs'), rootDir: __dirname };\n";
    files[`${folder}/src/index.ts`] = `${source}\n`;
    files[`${folder}/src/index.test.ts`] = `${test}\n`;
  }
  files['packages/words/README.md'] = '# Words\n\nOf no consequence.\n';
  return files;
}

function protoFiles(): Files {
  return {
    'buf.yaml': ['version: v2', 'modules:', '  - path: proto', 'lint:', '  use: [STANDARD]', ''].join('\n'),
    'buf.gen.yaml': [
      'version: v2',
      'clean: true',
      'plugins:',
      '  - local: [node, tools/protoc-gen-fields.mjs]',
      '    out: crates/wire/src/gen',
      '    opt: [prefix=one]',
      '  - local: protoc-gen-es',
      '    out: packages/messages/src/gen',
      '    opt: [target=ts]',
      '',
    ].join('\n'),
    'proto/truth/greeting/v1/greeting.proto': [
      'syntax = "proto3";',
      '',
      'package truth.greeting.v1;',
      '',
      '// A greeting.',
      'message Greeting {',
      '  // Whom.',
      '  string name = 1;',
      '}',
      '',
    ].join('\n'),
    // A plugin of the workspace's own: Rust from messages, without a compiler in Rust that would have to be built first.
    'tools/protoc-gen-fields.mjs': [
      "import { createEcmaScriptPlugin, runNodeJs } from '@bufbuild/protoplugin';",
      '',
      "const STYLE = 'plain';",
      'const text = (value) => JSON.stringify(value);',
      'const plugin = createEcmaScriptPlugin({',
      "  name: 'protoc-gen-fields',",
      "  version: 'v1',",
      '  parseOptions: (options) => ({ prefix: options.find(({ key }) => key === "prefix")?.value ?? "none" }),',
      '  generateTs: () => {},',
      '  generateJs: () => {},',
      '  generateDts: () => {},',
      '});',
      // protoplugin writes JavaScript only; a plugin's `run` is all that buf needs.
      'runNodeJs({',
      '  ...plugin,',
      '  run(request) {',
      '    const prefix = /prefix=([^,]*)/.exec(request.parameter)?.[1] ?? "none";',
      '    const names = request.protoFile',
      '      .filter(({ name }) => request.fileToGenerate.includes(name))',
      '      .flatMap((file) => file.messageType.flatMap((message) => message.field.map(({ name }) => name)));',
      '    const response = plugin.run(request);',
      '    const content = [',
      "      '/// Name of the generation.',",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: text of a file
      '      `pub const PREFIX: &str = ${text(`${prefix}-${STYLE}`)};`,',
      "      '/// Names of all fields.',",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: text of a file
      "      `pub const FIELDS: &[&str] = &[${names.map(text).join(', ')}];`,",
      "      '',",
      "    ].join('\\n');",
      "    return { ...response, file: [{ $typeName: 'google.protobuf.compiler.CodeGeneratorResponse.File', name: 'fields.rs', content }] };",
      '  },',
      '});',
      '',
    ].join('\n'),
  };
}
