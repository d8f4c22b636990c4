/** `krepis runtime` and `krepis doctor` as a user meets them: a made-up home, a made-up PATH, and what is said about it. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failure, krepis, krepisOk, type RunOptions } from './krepis.ts';
import { removeTemporary, temporary, workspace, write } from './workspace.ts';

afterAll(removeTemporary);

/** A machine with nothing but what the test puts there. */
function machine(): {
  home: string;
  options: (cwd: string, extra?: Record<string, string>) => RunOptions;
  node: (path: string, version: string) => string;
} {
  const home = temporary();
  const options = (cwd: string, extra: Record<string, string> = {}) => ({
    cwd,
    env: {
      HOME: home,
      PATH: join(home, 'bin'),
      KREPIS_CACHE_DIR: join(home, 'cache'),
      XDG_DATA_HOME: '',
      XDG_CONFIG_HOME: '',
      NVM_DIR: '',
      ...extra,
    },
  });
  const node = (path: string, version: string) => {
    const file = join(home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\necho ${version}\n`);
    chmodSync(file, 0o755);
    return file;
  };
  return { home, options, node };
}

interface Explained {
  candidates: { source: string; path: string | null; version: string | null; verdict: string; reason: string }[];
}

test('--explain prints every candidate and why, as text and as JSON', () => {
  const { options, node } = machine();
  node('bin/node', 'v20.19.0');
  const jod = node('.nvm/versions/node/v22.19.0/bin/node', 'never asked');
  node('.volta/tools/image/node/24.1.0/bin/node', 'never asked');
  const root = workspace({ '.nvmrc': '\ufefflts/jod\r\n' });
  const text = krepisOk(['runtime', '--explain'], options(root)).stdout.split('\n');
  expect(text[0]).toBe(`chosen   22.19.0    .nvmrc   ${jod}: the project asks for it`);
  const { candidates } = JSON.parse(krepisOk(['runtime', '--explain', '--json'], options(root)).stdout) as Explained;
  expect(candidates[0]).toEqual({
    source: '.nvmrc',
    path: jod,
    version: '22.19.0',
    verdict: 'chosen',
    reason: 'the project asks for it',
  });
  expect(candidates.find((candidate) => candidate.source === 'PATH')).toMatchObject({
    verdict: 'refused',
    reason: 'it is older than 22.18.0',
  });
  expect(candidates.find((candidate) => candidate.source === 'volta')).toMatchObject({
    verdict: 'usable',
    version: '24.1.0',
  });
  expect(candidates.at(-1)).toMatchObject({ source: 'bundled' });
  expect(text.filter((line) => line !== '')).toHaveLength(candidates.length);
});

test('a pin that is not installed: exit 70, with the command of the manager in use; generators run all the same', () => {
  const { home, options, node } = machine();
  node('bin/node', 'v24.1.0');
  mkdirSync(join(home, '.nvm'));
  mkdirSync(join(home, '.local/share/fnm'), { recursive: true });
  const root = workspace({ '.node-version': '22.21.0\n' });
  const missing = krepis(['runtime', '--json'], options(root));
  expect(missing.code).toBe(70);
  expect(failure(missing)).toMatchObject({ code: 'KRP5002', hint: 'run `nvm install 22.21.0`' });
  const fnm = krepis(['runtime', '--json'], options(root, { FNM_MULTISHELL_PATH: '/run/user/0/fnm' }));
  expect(failure(fnm)).toMatchObject({ hint: 'run `fnm install 22.21.0`' });
  const explained = krepis(['runtime', '--explain'], options(root));
  expect(explained.code).toBe(70);
  expect(explained.stdout).toMatch(/refused +- +\.node-version +-: no usable Node\.js 22\.21\.0/);
});

test('the nearest file wins, from the folder where the user stands', () => {
  const { options, node } = machine();
  for (const version of ['22.19.0', '24.1.0']) node(`.nodenv/versions/${version}/bin/node`, '');
  const root = workspace({ 'mise.toml': '[tools]\nnode = "24.1"\n', 'src/deep/.prototools': 'node = "~22"\n' });
  const from = (folder: string) => JSON.parse(krepisOk(['runtime', '--json'], options(join(root, folder))).stdout);
  expect(from('src')).toMatchObject({ version: '24.1.0', source: 'mise.toml' });
  expect(from('src/deep')).toMatchObject({ version: '22.19.0', source: 'src/deep/.prototools' });
});

describe('doctor', () => {
  const report = (root: string, options: RunOptions) => {
    const outcome = krepis(['doctor', '--json'], options);
    const { findings } = JSON.parse(outcome.stdout) as {
      findings: { name: string; state: string; text: string; hint: string | null }[];
    };
    const of = (name: string) => findings.filter((finding) => finding.name === name);
    return { code: outcome.code, of, root };
  };

  test('says what is there, what is not part of this build, and which layers the machine offers', () => {
    const { options, node } = machine();
    node('bin/node', 'v24.1.0');
    const root = workspace({ 'src/a.ts': 'export const a = 1;\n' });
    krepisOk(['apply', '-'], {
      ...options(root),
      input: JSON.stringify({ title: 't', files: [{ path: 'src/b.ts', text: 'export const b = 1;\n' }] }),
    });
    const { code, of } = report(root, options(root));
    expect(code).toBe(0);
    expect(of('node')).toMatchObject([{ state: 'ok', text: expect.stringContaining('24.1.0') }]);
    // The one on PATH has holes in its permission model; the bundled one has not.
    expect(of('plugin node')).toMatchObject([{ state: 'ok', text: expect.stringContaining('(bundled)') }]);
    expect(of('history')).toMatchObject([{ state: 'ok', text: expect.stringMatching(/^1 operations, \d+ KiB$/) }]);
    for (const name of ['addon', 'keychain', 'store']) {
      expect(of(name)).toMatchObject([{ state: 'none', text: expect.stringContaining('not part of this build') }]);
    }
    // Without plugins a layer that this machine lacks is no fault.
    expect(of('sandbox')).toMatchObject([
      { state: expect.stringMatching(/^(ok|none)$/), text: expect.stringMatching(/^files \(Landlock ABI \d|layer/) },
    ]);
  });

  test('with findings: exit 1, each with what to do', () => {
    const { home, options } = machine();
    mkdirSync(join(home, '.nvm'));
    const root = workspace({ '.nvmrc': '22.21.0' });
    write(root, { '.krepis/history/ops/01ARZ3NDEKTSV4RRFFQ69G5FAV.op': 'not an operation' });
    const { code, of } = report(root, options(root));
    expect(code).toBe(1);
    expect(of('node')).toMatchObject([{ state: 'bad', hint: 'run `nvm install 22.21.0`' }]);
    expect(of('history').map((finding) => finding.state)).toEqual(['ok', 'bad']);
  });
});
