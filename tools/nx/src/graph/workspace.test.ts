import { memoryReader } from './reader.ts';
import { edges, readWorkspace } from './workspace.ts';

const FILES = {
  'Cargo.toml': '[workspace]\nmembers = ["libs/proto", "apps/cli", "crates/*"]',
  'package.json': '{ "workspaces": ["libs/proto", "libs/web", "libs/native", "apps/cli/npm"] }',
  'buf.yaml': 'version: v2\nmodules:\n  - path: proto\n',
  'buf.gen.yaml':
    'version: v2\nplugins:\n  - local: x\n    out: libs/proto/src/gen\n  - local: y\n    out: libs/proto/ts/gen\n',
  'libs/proto/Cargo.toml': '[package]\nname = "acme-proto"',
  'libs/proto/package.json': '{ "name": "@acme/proto" }',
  'libs/web/package.json': '{ "name": "@acme/web", "dependencies": { "@acme/proto": "workspace:*" } }',
  'proto/a.proto': '',
  'libs/native/package.json':
    '{ "name": "@acme/native", "napi": { "binaryName": "native" }, "scripts": { "build:addon": "napi build --platform --manifest-path ../../crates/addon/Cargo.toml" } }',
  'crates/addon/Cargo.toml':
    '[package]\nname = "acme-addon"\n[lib]\ncrate-type = ["cdylib"]\n[dependencies]\nnapi = { path = "../../libs/proto" }',
  'apps/cli/npm/package.json': '{ "name": "@acme/cli", "bin": "./bin.js" }',
  'apps/cli/src/main.rs': '',
  'apps/cli/Cargo.toml':
    '[package]\nname = "acme-cli"\n[dependencies]\nacme-proto = { path = "../../libs/proto" }\n[package.metadata.nx]\nruns = ["../../libs/web"]',
};
const read = (files: Record<string, string>, options = {}) =>
  readWorkspace(Object.keys(files), options, memoryReader(files));

test('one graph over both languages: messages, generated code, crates, addons, launchers and packages', () => {
  expect(edges(read(FILES)).map(({ source, target, file }) => `${source} -> ${target} (${file})`)).toEqual([
    'apps/cli -> libs/proto (apps/cli/Cargo.toml)',
    'apps/cli -> libs/web (apps/cli/Cargo.toml)',
    'crates/addon -> libs/proto (crates/addon/Cargo.toml)',
    'apps/cli/npm -> apps/cli (apps/cli/npm/package.json)',
    'libs/native -> crates/addon (libs/native/package.json)',
    'libs/web -> libs/proto (libs/web/package.json)',
    'libs/proto -> proto (buf.gen.yaml)',
  ]);
});

test('a language can be left out', () => {
  expect(edges(read(FILES, { rust: false, messages: false })).map(({ source, target }) => [source, target])).toEqual([
    ['libs/web', 'libs/proto'],
  ]);
});

test('a broken buf.gen.yaml is an error with its place', () => {
  expect(() => read({ ...FILES, 'buf.gen.yaml': 'plugins:\n  - out: [a\n' })).toThrow(/KRP7013[\s\S]*buf\.gen\.yaml:3/);
});

test('buf: version 1 with buf.work.yaml, several modules, a plugin that is a crate of the workspace', () => {
  const { modules, generations } = read({
    'buf.work.yaml': 'version: v1\ndirectories:\n  - api\n  - events\n',
    'api/buf.yaml': 'version: v1\n',
    'events/buf.yaml': 'version: v1\n',
    'buf.gen.yaml':
      'version: v1\nplugins:\n  - plugin: es\n    path: [cargo, run, --package, acme-protoc, --]\n    out: gen\n',
  });
  expect(modules.map(({ root, workspaceRoot }) => [root, workspaceRoot])).toEqual([
    ['api', '.'],
    ['events', '.'],
  ]);
  expect(generations).toEqual([
    {
      file: 'buf.gen.yaml',
      root: '.',
      modules: ['api', 'events'],
      outputs: ['gen'],
      programs: [],
      crates: ['acme-protoc'],
    },
  ]);
});

test('a cycle across the languages is an error with every step', () => {
  const files = {
    ...FILES,
    'libs/web/package.json': '{ "name": "@acme/web", "dependencies": { "@acme/cli": "workspace:*" } }',
  };
  expect(() => read(files)).toThrow(
    /KRP7017[\s\S]*apps\/cli -> libs\/web \(apps\/cli\/Cargo\.toml\)[\s\S]*libs\/web -> apps\/cli\/npm/,
  );
});

test('`runs` that names no package, an addon whose crate is not there', () => {
  expect(() => read({ ...FILES, 'package.json': '{ "workspaces": ["libs/proto"] }' })).toThrow(
    /KRP7018[\s\S]*apps\/cli\/Cargo\.toml/,
  );
  const lost = { ...FILES, 'Cargo.toml': '[workspace]\nmembers = ["libs/proto", "apps/cli"]' };
  expect(() => read(lost)).toThrow(/KRP7011[\s\S]*libs\/native\/package\.json/);
});

test('an addon whose build hides in a script: the one crate below that no other package builds', () => {
  const addon = '[package]\nname = "NAME"\n[lib]\ncrate-type = ["cdylib"]\n[dependencies]\nnapi = { path = "../napi" }';
  const files = {
    'package.json': '{ "workspaces": ["js"] }',
    'Cargo.toml': '[workspace]\nmembers = ["js/rust", "napi"]',
    'napi/Cargo.toml': '[package]\nname = "napi"',
    'js/package.json': '{ "name": "js", "napi": { "binaryName": "x" }, "scripts": { "build": "node build.mjs" } }',
    'js/rust/Cargo.toml': addon.replace('NAME', 'addon').replace('../napi', '../../napi'),
  };
  const found = (more: Record<string, string>) =>
    edges(read({ ...files, ...more })).flatMap(({ source, target }) => (source === 'js' ? [target] : []));
  expect(found({})).toEqual(['js/rust']);
  const second = { 'js/more/Cargo.toml': addon.replace('NAME', 'more').replace('../napi', '../../napi') };
  expect(found({ ...second, 'Cargo.toml': '[workspace]\nmembers = ["js/*", "napi"]' })).toEqual([]);
});
