/** What the repository promises about itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { node, ok, repository } from './krepis.ts';

const read = (file: string) => readFileSync(join(repository, file), 'utf8');

test('npm and pnpm see the same workspace packages', () => {
  const packages = /^packages:\n((?: {2}- .*\n)+)/m.exec(read('pnpm-workspace.yaml'))?.[1] ?? '';
  const listed = packages
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\s*- /, ''));
  expect(listed.length).toBeGreaterThan(5);
  expect(JSON.parse(read('package.json')).workspaces).toEqual(listed);
});

test('the README shows the two commands first', () => {
  const first = /```\n([\s\S]*?)```/.exec(read('README.md'))?.[1] ?? '';
  expect(first.split('\n').map((line) => line.split('#')[0]?.trim())).toEqual(['npm start', 'npm test', '']);
});

test('one run of Cargo over all crates: each has its own counts, and a binary without a result failed', () => {
  const output = `    Finished \`test\` profile [optimized + debuginfo] target(s) in 1s
     Running unittests src/lib.rs (target/debug/deps/acme_a-1)
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
     Running tests/laws.rs (target/debug/deps/laws-2)
test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
     Running tests/laws.rs (target/debug/deps/laws-3)
error: test failed, to rerun pass \`-p acme-b --test laws\`
  process didn't exit successfully (signal: 6, SIGABRT: process abort signal)
   Doc-tests acme_b
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
`;
  const binaries = [
    ['acme_a-1', 'acme-a'],
    ['laws-2', 'acme-a'],
    ['laws-3', 'acme-b'],
  ];
  const crates = ['acme-a', 'acme-b'].map((name) => ({
    name,
    targets: [{ name: name.replace('-', '_'), kind: ['lib'] }],
  }));
  const program = `import { countByCrate } from ${JSON.stringify(join(repository, 'tools/tasks/lib/crates.mjs'))};
    console.log(JSON.stringify(Object.fromEntries(countByCrate(...${JSON.stringify([output])}, new Map(${JSON.stringify(binaries)}), ${JSON.stringify(crates)}))));`;
  expect(JSON.parse(ok(node, ['--input-type=module', '-e', program], repository).stdout)).toEqual({
    'acme-a': { passed: 4, failed: 2, skipped: 1 },
    'acme-b': { passed: 5, failed: 1, skipped: 0 },
  });
});
