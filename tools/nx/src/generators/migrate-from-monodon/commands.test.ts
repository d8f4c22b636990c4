import { type Executor, meaning, type Options } from './commands.ts';

const SUBJECT = { project: 'libs_ast', crate: 'acme-ast', root: 'libs/ast' };
const read = (executor: Executor, options: Options) => meaning(executor, options, SUBJECT);

test.each<[Executor, Options, string]>([
  ['build', {}, 'cargo build -p acme-ast'],
  ['build', { 'target-dir': 'dist/target/libs_ast', release: false, toolchain: 'stable' }, 'cargo build -p acme-ast'],
  ['build', { 'target-dir': 'out' }, 'cargo build -p acme-ast --target-dir out'],
  ['build', { release: true, toolchain: 'nightly' }, 'cargo +nightly build -p acme-ast --release'],
  [
    'build',
    { profile: 'fast', target: 'x86_64-unknown-linux-musl' },
    'cargo build -p acme-ast --profile fast --target x86_64-unknown-linux-musl',
  ],
  [
    'build',
    { features: ['a', 'b c'], 'all-features': false, bin: 'tool' },
    "cargo build -p acme-ast --features a --features 'b c' --bin tool",
  ],
  ['build', { package: 'other' }, 'cargo build --package other'],
  ['check', { 'all-targets': true }, 'cargo check -p acme-ast --all-targets'],
  ['lint', { fix: true }, 'cargo clippy -p acme-ast --fix'],
  [
    'test',
    { 'no-fail-fast': true, args: ['--nocapture', "it's"] },
    "cargo test -p acme-ast --no-fail-fast -- --nocapture 'it'\\''s'",
  ],
  ['run', { bin: 'tool', args: '--port 1 --name "a b"' }, 'cargo run -p acme-ast --bin tool -- --port 1 --name "a b"'],
  [
    'napi',
    { dist: 'libs/ast', jsFile: 'index.js' },
    'napi build --platform --manifest-path libs/ast/Cargo.toml --package-json-path libs/ast/package.json --output-dir libs/ast --js index.js --dts index.d.ts',
  ],
  [
    'napi',
    { dist: 'dist/ast', jsFile: 'a.cjs', dts: 'a.d.ts', release: true, target: 'aarch64-apple-darwin', zig: true },
    'napi build --platform --manifest-path libs/ast/Cargo.toml --package-json-path libs/ast/package.json --output-dir dist/ast --js a.cjs --dts a.d.ts --release --target aarch64-apple-darwin --cross-compile',
  ],
  [
    'wasm-pack',
    { target: 'web', 'target-dir': 'dist/wasm', release: true },
    'wasm-pack build libs/ast --target web --out-dir ../../dist/wasm --release',
  ],
])('%s with %j', (executor, options, command) => {
  expect(read(executor, options).command).toBe(command);
});

test('plain is what inference gives, and nothing else', () => {
  expect(read('build', { 'target-dir': 'dist/target/libs_ast' }).plain).toBe(true);
  for (const options of [
    { release: true },
    { toolchain: 'beta' },
    { args: ['x'] },
    { 'target-dir': 'out' },
    { package: 'x' },
  ]) {
    expect(read('test', options).plain).toBe(false);
  }
  expect(read('napi', { dist: './libs/ast', jsFile: 'index.js' }).plain).toBe(true);
  expect(read('napi', { dist: 'libs/ast', jsFile: 'index.cjs' }).plain).toBe(false);
});

test('artefacts lie in the folder of the profile, below that of the target', () => {
  expect(read('build', {}).artefacts).toBe('debug');
  expect(read('build', { release: true }).artefacts).toBe('release');
  expect(read('build', { profile: 'bench', target: 'wasm32-wasip1' }).artefacts).toBe('wasm32-wasip1/release');
  expect(read('build', { profile: 'fast' }).artefacts).toBe('fast');
});
