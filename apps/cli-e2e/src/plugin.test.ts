/** Plugins: commands in confined processes, beside others; what they declare is what they get. The escape kit itself is in libs/host/tests/escape.rs. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { failure, krepis, krepisOk, krepisStart } from './krepis.ts';
import { historyFiles, removeTemporary, snapshot, temporary, workspace } from './workspace.ts';

afterAll(removeTemporary);

const create = (path: string, text = 'export const made = 1;\\n') =>
  `export default () => ({ title: 'make ${path}', files: [{ path: '${path}', text: '${text}' }] });\n`;

/** A workspace with a plugin `acme` and a command of its own, `own`. */
function withPlugin(sources: Record<string, string>, capabilities: object = {}): string {
  const commands = Object.fromEntries(Object.keys(sources).map((name) => [name, `./${name}.ts`]));
  return workspace({
    'krepis.json': `${JSON.stringify({
      schema: 1,
      root: 'src',
      elements: [{ name: 'app', files: ['src/**'] }],
      rules: [],
      commands: { own: './tools/own.ts' },
      plugins: { acme: './plugins/acme' },
    })}\n`,
    'src/a.ts': 'export class Orders {}\n',
    'tools/own.ts': create('src/own.ts'),
    '.env': 'KEY=secret\n',
    'plugins/acme/krepis.plugin.json': JSON.stringify({ name: 'acme', version: '1.0.0', commands, capabilities }),
    ...Object.fromEntries(Object.entries(sources).map(([name, text]) => [`plugins/acme/${name}.ts`, text])),
  });
}

test('a plugin and a command of the workspace make one operation, and undo takes it back', () => {
  const root = withPlugin(
    {
      greet: `
import { changes, type PluginView } from '@krepis/plugin';
export default async (view: PluginView, options: { name?: string }) => {
  const [site] = await view.findClasses('Orders');
  const names = view.list('src').map((entry) => entry.name).join();
  return changes(view, 'greet').create('src/greet.ts', \`// \${site?.path} \${names} \${options.name} \${view.config}\\n\`).done();
};
`,
    },
    { read: ['src/**'] },
  );
  const outcome = krepisOk(['run', 'own', 'acme:greet', '--options', '{"name":"you"}', '--verbose'], { cwd: root });
  expect(readFileSync(join(root, 'src/greet.ts'), 'utf8')).toBe('// src/a.ts a.ts you undefined\n');
  expect(existsSync(join(root, 'src/own.ts'))).toBe(true);
  expect(Object.keys(historyFiles(root))).toHaveLength(1);
  expect(outcome.stderr).toMatch(/acme:greet was confined by files \(Landlock ABI \d+\), .*syscalls \(seccomp/);
  krepisOk(['undo'], { cwd: root });
  expect(existsSync(join(root, 'src/greet.ts'))).toBe(false);
});

test('--json says what was in force', () => {
  const root = withPlugin({ make: create('src/m.ts') });
  const { sandbox } = JSON.parse(krepisOk(['run', 'acme:make', '--json'], { cwd: root }).stdout);
  const layers = sandbox['acme:make'] as { layer: string; inForce: boolean }[];
  expect(layers.map(({ layer }) => layer)).toEqual(expect.arrayContaining(['files', 'syscalls', 'memory']));
  expect(layers.every(({ inForce }) => inForce)).toBe(true);
});

test('a plugin that misbehaves costs itself only: exit 70, the others land, the reason names what would have allowed it', () => {
  const root = withPlugin({
    hangs: 'export default () => { for (;;); };\n',
    exits: 'export default () => process.exit(0);\n',
    reads: "import { readFileSync } from 'node:fs';\nexport default () => readFileSync('../../src/a.ts', 'utf8');\n",
    peeks: "export default (view) => view.read('.env');\n",
    fetches: "export default async () => { await fetch('http://127.0.0.1:8080/'); };\n",
    spawns: "import { execSync } from 'node:child_process';\nexport default () => execSync('id');\n",
    good: create('src/good.ts'),
  });
  const names = ['hangs', 'exits', 'reads', 'peeks', 'fetches', 'spawns', 'good'].map((name) => `acme:${name}`);
  // What the user's environment would allow does not reach a plugin.
  const env = { NODE_OPTIONS: '--permission --allow-child-process --allow-fs-read=*' };
  const outcome = krepis(['run', ...names, 'own', '--timeout', '5', '--json'], { cwd: root, env });
  expect(outcome.code).toBe(70);
  const { landed, failed } = JSON.parse(outcome.stdout);
  expect(landed).toEqual(['acme:good', 'own']);
  const errors = Object.fromEntries(
    failed.map(({ command, error }: { command: string; error: { code: string; hint: string } }) => [command, error]),
  );
  expect(errors['acme:hangs'].code).toBe('KRP5222');
  expect(errors['acme:exits'].code).toBe('KRP5221');
  expect(errors['acme:reads']).toMatchObject({ code: 'KRP5240', hint: expect.stringContaining('"read"') });
  expect(errors['acme:peeks']).toMatchObject({ code: 'KRP5230', hint: expect.stringContaining('"read": [".env"]') });
  expect(errors['acme:fetches']).toMatchObject({ code: 'KRP5240', hint: expect.stringContaining('"network"') });
  expect(errors['acme:spawns'].code).toBe('KRP5240');
  expect(existsSync(join(root, 'src/good.ts'))).toBe(true);
});

describe('a change of anything but source', () => {
  const sources = { ci: create('.github/workflows/x.yml', 'on: push\\n') };

  test('that the manifest does not declare is refused, whatever the user agrees to', () => {
    const root = withPlugin(sources);
    const before = snapshot(root);
    const outcome = krepis(['run', 'acme:ci', '--consent', 'ci', '--json'], { cwd: root });
    expect(outcome.code).toBe(5);
    expect(JSON.parse(outcome.stdout).failed[0].error).toMatchObject({
      code: 'KRP5236',
      at: { path: '.github/workflows/x.yml' },
    });
    expect(snapshot(root)).toEqual(before);
    expect(historyFiles(root)).toEqual({});
  });

  test('that it declares needs the consent of the user, for this run', () => {
    const root = withPlugin(sources, { paths: ['ci'] });
    const outcome = krepis(['run', 'acme:ci', '--json'], { cwd: root });
    expect(outcome.code).toBe(5);
    expect(JSON.parse(outcome.stdout).failed[0].error).toMatchObject({
      code: 'KRP5237',
      hint: expect.stringContaining('--consent ci'),
    });
    expect(existsSync(join(root, '.github'))).toBe(false);
    expect(krepis(['run', 'acme:ci', '--consent', 'policy'], { cwd: root }).code).toBe(5);
    krepisOk(['run', 'acme:ci', '--consent', 'ci'], { cwd: root });
    expect(readFileSync(join(root, '.github/workflows/x.yml'), 'utf8')).toBe('on: push\n');
  });
});

test('HTTP goes through the master, to declared hosts only', async () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['x-token']}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"from":"server"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const ask = (url: string) =>
      `export default (view) => ({ title: 'ask', files: [{ path: 'src/asked.ts', text: '// ' + view.http({ url: '${url}', headers: { 'x-token': 't' } }).json().from + '\\n' }] });\n`;
    const root = withPlugin(
      { ask: ask(`http://127.0.0.1:${port}/a?b`), other: ask(`http://localhost:${port}/`) },
      { network: [`http://127.0.0.1:${port}`] },
    );
    const outcome = await krepisStart(['run', 'acme:ask', 'acme:other', '--json'], { cwd: root });
    expect(outcome.code).toBe(70);
    const { landed, failed } = JSON.parse(outcome.stdout);
    expect(landed).toEqual(['acme:ask']);
    expect(failed[0].error).toMatchObject({
      code: 'KRP5232',
      hint: expect.stringContaining(`"network": ["http://localhost:${port}"]`),
    });
    expect(readFileSync(join(root, 'src/asked.ts'), 'utf8')).toBe('// server\n');
    expect(seen).toEqual(['GET /a?b t']);
  } finally {
    server.close();
  }
});

test('what a plugin prints cannot steer the terminal', () => {
  const root = withPlugin({
    loud: "export default () => { console.log('\\u001b]52;c;ZXZpbA==\\u0007\\u001b[2Jhello'); return { title: '\\u001b[31mred', files: [{ path: 'src/l.ts', text: '' }] }; };\n",
  });
  const outcome = krepisOk(['run', 'acme:loud'], { cwd: root });
  expect(outcome.stderr).toContain('hello');
  expect(outcome.stderr).not.toContain('\u001b');
  expect(outcome.stderr).not.toContain('\u0007');
});

test('names that are not there and manifests that cannot be are refused before anything is started: exit 2', () => {
  const root = withPlugin({ make: create('src/m.ts') });
  expect(failure(krepis(['run', 'acne:make', '--json'], { cwd: root }))).toMatchObject({
    code: 'KRP1004',
    hint: expect.stringContaining('acme'),
  });
  expect(failure(krepis(['run', 'acme:mike', '--json'], { cwd: root }))).toMatchObject({
    code: 'KRP5212',
    hint: expect.stringContaining('acme:make'),
  });
  const greedy = withPlugin({ make: create('src/m.ts') }, { tools: ['git'] });
  const outcome = krepis(['run', 'acme:make', '--json'], { cwd: greedy });
  expect(outcome.code).toBe(2);
  expect(failure(outcome)).toMatchObject({ code: 'KRP5213', at: { path: 'plugins/acme/krepis.plugin.json' } });
});

test('doctor shows every layer; consent to do without one is recorded outside of the workspace', () => {
  const root = withPlugin({ make: create('src/m.ts') });
  const env = { KREPIS_CONFIG_DIR: temporary() };
  const { findings } = JSON.parse(krepis(['doctor', '--json'], { cwd: root, env }).stdout);
  const sandbox = findings.find(({ name }: { name: string }) => name === 'sandbox');
  expect(sandbox).toMatchObject({ state: 'ok', text: expect.stringMatching(/Landlock ABI \d+.*seccomp/) });
  const before = snapshot(root);
  const recorded = JSON.parse(krepisOk(['doctor', '--accept-weaker-sandbox', '--json'], { cwd: root, env }).stdout);
  expect(recorded.without).toEqual([]);
  expect(JSON.parse(readFileSync(recorded.file, 'utf8'))).toEqual({ schema: 1, without: {} });
  expect(snapshot(root)).toEqual(before);
});
