import { memoryReader } from '../graph/reader.ts';
import { releaseTargets } from './targets.ts';

test.each([
  ['a crate with a version', 'version = "1.0.0"', true],
  ['an inherited version', 'version.workspace = true', true],
  ['no version', '', false],
  ['publish = false', 'version = "1.0.0"\npublish = false', false],
  ['no registry', 'version = "1.0.0"\npublish = []', false],
  ['one registry', 'version = "1.0.0"\npublish = ["ours"]', true],
  ["the workspace's publish = false", 'version = "1.0.0"\npublish.workspace = true', false],
])('%s', (_, fields, publishable) => {
  const reader = memoryReader({
    'Cargo.toml': '[workspace]\nmembers = ["a"]\n[workspace.package]\nversion = "1.0.0"\npublish = false\n',
    'a/Cargo.toml': `[package]\nname = "a"\n${fields}\n`,
  });
  const targets = releaseTargets({ name: 'a', root: 'a' }, reader);
  expect(Object.keys(targets)).toEqual(publishable ? ['nx-release-publish'] : []);
});
