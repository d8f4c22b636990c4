import { memoryReader } from './reader.ts';
import { edges, readWorkspace } from './workspace.ts';

const FILES = {
  'Cargo.toml': '[workspace]\nmembers = ["libs/proto", "apps/cli"]',
  'package.json': '{ "workspaces": ["libs/proto", "libs/web"] }',
  'buf.yaml': 'version: v2\nmodules:\n  - path: proto\n',
  'buf.gen.yaml':
    'version: v2\nplugins:\n  - local: x\n    out: libs/proto/src/gen\n  - local: y\n    out: libs/proto/ts/gen\n',
  'libs/proto/Cargo.toml': '[package]\nname = "acme-proto"',
  'libs/proto/package.json': '{ "name": "@acme/proto" }',
  'libs/web/package.json': '{ "name": "@acme/web", "dependencies": { "@acme/proto": "workspace:*" } }',
  'apps/cli/Cargo.toml': '[package]\nname = "acme-cli"\n[dependencies]\nacme-proto = { path = "../../libs/proto" }',
};
const read = (files: Record<string, string>, options = {}) =>
  readWorkspace(Object.keys(files), options, memoryReader(files));

test('one graph over both languages: messages, generated code, crates and packages', () => {
  expect(edges(read(FILES))).toEqual([
    { source: 'apps/cli', target: 'libs/proto', file: 'apps/cli/Cargo.toml' },
    { source: 'libs/web', target: 'libs/proto', file: 'libs/web/package.json' },
    { source: 'libs/proto', target: 'proto', file: 'buf.gen.yaml' },
  ]);
});

test('a language can be left out', () => {
  expect(edges(read(FILES, { rust: false, messages: false }))).toEqual([
    { source: 'libs/web', target: 'libs/proto', file: 'libs/web/package.json' },
  ]);
});

test('a broken buf.gen.yaml is an error with its place', () => {
  expect(() => read({ ...FILES, 'buf.gen.yaml': 'plugins:\n  - out: [a\n' })).toThrow(/KRP7013[\s\S]*buf\.gen\.yaml:3/);
});
