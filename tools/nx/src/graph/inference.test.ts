import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, removeFolders } from '../testing/workspace.ts';
import { cachedInference } from './inference.ts';

const FILES = {
  'Cargo.toml': '[workspace]\nmembers = ["a"]',
  'a/Cargo.toml': '[package]\nname = "a"\n',
  'package.json': '{ "workspaces": ["p"] }',
  'p/package.json': '{ "name": "p" }',
};
let data: string;

beforeEach(() => {
  data = folder();
  jest.replaceProperty(process, 'env', { ...process.env, NX_WORKSPACE_DATA_DIRECTORY: data });
});
afterEach(() => {
  jest.restoreAllMocks();
  removeFolders();
});

const ask = (root: string, options = {}, files = Object.keys(FILES)) => cachedInference(root, files, options, {});
const names = async (...rest: Parameters<typeof ask>) =>
  (await ask(...rest)).projects.map(({ project }) => project.name);
/** Writes a name into the remembered inference, to see whether it is read. */
function mark(): void {
  for (const file of readdirSync(data).map((name) => join(data, name))) {
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"name":"a"', '"name":"remembered"'));
  }
}

test('an unchanged workspace is not read again; a changed manifest, another file or other options are', async () => {
  const root = folder(FILES);
  expect(await names(root)).toEqual(['p', 'a']);
  mark();
  expect(await names(root)).toEqual(['p', 'remembered']);
  expect(await names(root, { fmtTargetName: false })).toEqual(['p', 'a']);
  expect(await names(root, {}, [...Object.keys(FILES), 'a/src/main.rs'])).toEqual(['p', 'a']);
  mark();
  writeFileSync(join(root, 'a/Cargo.toml'), '[package]\nname = "b"\n');
  expect(await names(root)).toEqual(['p', 'b']);
});

test('a file that comes to be where none was looked for counts, too', async () => {
  const root = folder(FILES);

  await ask(root);
  writeFileSync(join(root, 'biome.json'), '{}');
  mark();
  expect(await names(root)).toEqual(['p', 'a']);
});

test('an error is remembered and shown again, until its file is mended', async () => {
  const root = folder({ ...FILES, 'a/Cargo.toml': '[package]\nname = = 1\n' });
  const place = /KRP7010[\s\S]*at: a\/Cargo\.toml:2/;
  await expect(ask(root)).rejects.toThrow(place);
  await expect(ask(root)).rejects.toThrow(place);
  writeFileSync(join(root, 'a/Cargo.toml'), FILES['a/Cargo.toml']);
  expect(await names(root)).toEqual(['p', 'a']);
});

test('a remembered inference that was cut short is made again', async () => {
  const root = folder(FILES);
  await ask(root);
  const [file] = readdirSync(data);
  writeFileSync(join(data, file ?? ''), '{"key":');
  expect(await names(root)).toEqual(['p', 'a']);
});

test('a folder that cannot be written costs nothing but time', async () => {
  const root = folder(FILES);
  rmSync(data, { recursive: true });
  writeFileSync(data, 'a file in the way');
  expect(await names(root)).toEqual(['p', 'a']);
  expect(existsSync(join(data, 'x'))).toBe(false);
  rmSync(data);
});

test('without cargo on the path, its tasks say so', async () => {
  const root = folder(FILES);
  jest.replaceProperty(process, 'env', { ...process.env, PATH: '/nowhere', NX_WORKSPACE_DATA_DIRECTORY: data });
  const { projects } = await ask(root);
  expect(projects.find(({ project }) => project.name === 'a')?.project.targets?.build).toMatchObject({
    executor: '@krepis/nx:missing',
  });
});
