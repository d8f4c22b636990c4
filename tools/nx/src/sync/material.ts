/** Folder names whose contents are material for tests and generators, never part of this workspace's own set-up. */
const MATERIAL = new Set(['fixtures', '__fixtures__', 'testdata', 'test-data', 'templates', 'target', 'node_modules']);

/**
 * Whether a path lies in a folder of fixtures or templates.
 *
 * @example isMaterial('libs/a/fixtures/x/Cargo.toml') // true
 */
export function isMaterial(path: string): boolean {
  return path.split('/').some((segment) => MATERIAL.has(segment));
}
