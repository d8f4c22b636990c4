/**
 * Stopping krepis: a signal ends everything that was started, nothing is half written, nobody is left behind; a flood of output
 * neither fills the master nor holds up others.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, environment, krepis, krepisOk, ok, repository } from './krepis.ts';
import { historyFiles, removeTemporary, snapshot, temporary, workspace } from './workspace.ts';

const started: ChildProcess[] = [];

afterAll(() => {
  // Only where a test has failed are there any.
  for (const child of started) child.kill('SIGKILL');
  removeTemporary();
});

const good =
  "export default () => ({ title: 'good', files: [{ path: 'src/good.ts', text: 'export const good = 1;\\n' }] });\n";
/** Starts a program that never ends, says both numbers, and never ends. */
const parent = `import { spawn } from 'node:child_process';
export default () => {
  const child = spawn('/bin/sh', ['-c', 'sleep 1000 & wait'], { stdio: 'ignore' });
  console.log('at work: ' + process.pid + ' ' + child.pid);
  for (;;);
};
`;

function commands(sources: Record<string, string>): string {
  const names = Object.keys(sources);
  const config = {
    schema: 1,
    runtime: 'standard',
    root: 'src',
    elements: [{ name: 'app', files: ['src/**'] }],
    rules: [],
  };
  return workspace({
    'krepis.json': JSON.stringify({
      ...config,
      commands: Object.fromEntries(names.map((name) => [name, `./tools/${name}.ts`])),
    }),
    'src/a.ts': 'export const a = 1;\n',
    ...Object.fromEntries(names.map((name) => [`tools/${name}.ts`, sources[name]!])),
  });
}

interface Running {
  readonly child: ChildProcess;
  /** What it has written to stderr so far. */
  text(): string;
  /** Resolves with the match as soon as stderr has it. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

function begin(
  args: string[],
  cwd: string,
  extra: Record<string, string> = {},
  bin: 'krepis' | 'krepis-crash' = 'krepis',
): Running {
  const child = spawn(binary(bin), args, { cwd, env: environment(extra), stdio: ['pipe', 'ignore', 'pipe'] });
  started.push(child);
  child.stdin?.end();
  let text = '';
  const waiting = new Set<() => void>();
  child.stderr?.on('data', (chunk) => {
    text += chunk;
    for (const look of waiting) look();
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal })),
  );
  const says = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(text);
        if (!match) return;
        waiting.delete(look);
        resolve(match);
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`it ended without ${pattern}: ${text}`)));
    });
  return { child, text: () => text, says, ended };
}

/** Resolves when something is so; the test's own time limit is the patience. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** A process that nobody waits for yet is a zombie: ended as well. */
function isGone(pid: string): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/** The processes of a group. */
function group(id: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return pgrp === id && state !== 'Z' && state !== 'X';
    } catch {
      return false;
    }
  });
}

/** The group that a process is in. */
function groupOf(pid: string): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]!;
}

describe.each([
  ['SIGINT', 130, 'KRP5108'],
  ['SIGTERM', 143, 'KRP5109'],
  ['SIGHUP', 129, 'KRP5110'],
] as const)('%s while commands run', (signal, code, error) => {
  test(`ends with ${code}, says so, changes nothing and leaves nobody behind`, async () => {
    const root = commands({ good, parent });
    const before = snapshot(root);
    const running = begin(['run', 'good', 'parent', '--jobs', '2'], root);
    const [, runner, grandchild] = await running.says(/parent \| at work: (\d+) (\d+)/);
    const all = groupOf(runner!);
    expect(group(all)).toContain(grandchild);
    running.child.kill(signal);
    expect(await running.ended).toEqual({ code, signal: null });
    expect(running.text()).toContain(`error[${error}]: stopped`);
    expect(running.text()).toContain('nothing was changed');
    await until(() => group(all).length === 0);
    expect(snapshot(root)).toEqual(before);
    expect(historyFiles(root)).toEqual({});
  });
});

test('kill -9 of the master leaves nobody behind: commands, what they started, and the guard', async () => {
  const root = commands({ parent });
  const running = begin(['run', 'parent'], root);
  const [, runner] = await running.says(/at work: (\d+) (\d+)/);
  const all = groupOf(runner!);
  // The runner, a worker's shell, its sleep, and the guard.
  await until(() => group(all).length === 4);
  running.child.kill('SIGKILL');
  await until(() => group(all).length === 0);
  krepisOk(['history'], { cwd: root });
});

describe('a plugin that loops, beside a command', () => {
  const plugin = () =>
    workspace({
      'krepis.json': JSON.stringify({
        schema: 1,
        root: '.',
        plugins: { acme: './plugins/acme' },
        commands: { good: './tools/good.ts' },
      }),
      'tools/good.ts': good,
      'plugins/acme/krepis.plugin.json': JSON.stringify({
        name: 'acme',
        version: '1.0.0',
        commands: { loop: './loop.ts' },
        capabilities: {},
      }),
      'plugins/acme/loop.ts': "export default () => {\n  console.log('at work: ' + process.pid);\n  for (;;);\n};\n",
    });

  test('is ended by Ctrl-C, and nothing of the other is written', async () => {
    const root = plugin();
    const before = snapshot(root);
    const running = begin(['run', 'good', 'acme:loop'], root);
    const [, pid] = await running.says(/at work: (\d+)/);
    running.child.kill('SIGINT');
    expect(await running.ended).toEqual({ code: 130, signal: null });
    await until(() => isGone(pid!));
    expect(snapshot(root)).toEqual(before);
    expect(historyFiles(root)).toEqual({});
  });

  test('is ended when the master is killed', async () => {
    const running = begin(['run', 'acme:loop'], plugin());
    const [, pid] = await running.says(/at work: (\d+)/);
    running.child.kill('SIGKILL');
    await until(() => isGone(pid!));
  });
});

describe('a built-in generator that loops on the main thread', () => {
  let loops: Record<string, string>;
  beforeAll(() => {
    const folder = join(temporary(), 'runner');
    const source = join(repository, 'libs/runner');
    ok(
      process.execPath,
      [join(source, 'bundle.mjs'), '--out', folder, '--generator', join(source, 'fixtures/generator.mjs')],
      source,
    );
    loops = { KREPIS_RUNNER_DIR: folder };
  });

  test('is ended by Ctrl-C', async () => {
    const root = workspace({});
    const running = begin(['g', 'loop', 'x'], root, loops);
    const [, runner] = await running.says(/loop \| looping in (\d+)/);
    running.child.kill('SIGINT');
    expect(await running.ended).toEqual({ code: 130, signal: null });
    await until(() => isGone(runner!));
  });

  test('is ended when the master is killed', async () => {
    const root = workspace({});
    const running = begin(['g', 'loop', 'x'], root, loops);
    const [, runner] = await running.says(/looping in (\d+)/);
    running.child.kill('SIGKILL');
    await until(() => isGone(runner!));
    expect(isGone(runner!)).toBe(true);
  });
});

test('a signal while files are written waits until the operation is whole; undo takes it back', async () => {
  const root = commands({ good });
  const before = snapshot(root);
  const running = begin(
    ['run', 'good'],
    root,
    { FAILPOINTS: 'history::apply::temporaries-synced=sleep(1500)' },
    'krepis-crash',
  );
  const ops = join(root, '.krepis/history/ops');
  await until(() => existsSync(ops) && readdirSync(ops).some((name) => name.endsWith('.prepared')));
  running.child.kill('SIGINT');
  expect(await running.ended).toEqual({ code: 130, signal: null });
  expect(running.text()).toContain('stopped by Ctrl-C (SIGINT); what had begun was ended first');
  expect(readFileSync(join(root, 'src/good.ts'), 'utf8')).toBe('export const good = 1;\n');
  krepisOk(['undo'], { cwd: root });
  expect(snapshot(root)).toEqual(before);
});

test('a second Ctrl-C while files are written is immediate; the next command puts it right', async () => {
  const root = commands({ good });
  const before = snapshot(root);
  const running = begin(
    ['run', 'good'],
    root,
    { FAILPOINTS: 'history::apply::temporaries-synced=pause' },
    'krepis-crash',
  );
  const ops = join(root, '.krepis/history/ops');
  await until(() => existsSync(ops) && readdirSync(ops).some((name) => name.endsWith('.prepared')));
  running.child.kill('SIGINT');
  // Noted: the process lives on until the second.
  const caught = () => readFileSync(`/proc/${running.child.pid}/status`, 'utf8');
  await until(() => /^SigPnd:\t0+$/m.test(caught()) && /^ShdPnd:\t0+$/m.test(caught()));
  expect(running.child.exitCode).toBeNull();
  running.child.kill('SIGINT');
  expect(await running.ended).toEqual({ code: null, signal: 'SIGINT' });
  krepisOk(['recover'], { cwd: root });
  expect(snapshot(root)).toEqual(before);
});

test('a run that was started to ignore SIGHUP (nohup) goes on', async () => {
  const root = commands({
    waits:
      "import { existsSync } from 'node:fs';\nexport default (view) => { console.log('at work'); while (!existsSync('src/go')); return { title: 't', files: [{ path: 'src/w.ts', text: 'export const w = 1;\\n' }] }; };\n",
  });
  const child = spawn('/bin/sh', ['-c', `trap '' HUP; exec "$0" run waits`, binary('krepis')], {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  started.push(child);
  let text = '';
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await until(() => text.includes('waits | at work'));
  child.kill('SIGHUP');
  ok('touch', ['src/go'], root);
  expect(await ended).toBe(0);
  expect(existsSync(join(root, 'src/w.ts'))).toBe(true);
});

test('1 GB of output does not grow the master, is cut with a note, and holds up nobody', async () => {
  const flood = `import { writeSync } from 'node:fs';
export default () => {
  for (let i = 0; i < 100_000; i++) console.log('x'.repeat(1000));
  const megabyte = Buffer.alloc(1 << 20, 121);
  for (let i = 0; i < 900; i++) writeSync(1, megabyte);
  return { title: 'flood', files: [{ path: 'src/flood.ts', text: 'export const f = 1;\\n' }] };
};
`;
  const root = commands({ flood, good });
  const running = begin(['run', 'flood', 'good', '--jobs', '2'], root);
  let peak = 0;
  let over = false;
  void running.ended.then(() => {
    over = true;
  });
  while (!over) {
    try {
      const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${running.child.pid}/status`, 'utf8')) ?? [];
      peak = Math.max(peak, Number(kib ?? 0));
    } catch {
      // It has ended.
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await running.ended).toEqual({ code: 0, signal: null });
  expect(running.text().match(/longer than 1 MiB/g)).toHaveLength(2);
  expect(running.text().length).toBeLessThan(3 << 20);
  expect(existsSync(join(root, 'src/flood.ts')) && existsSync(join(root, 'src/good.ts'))).toBe(true);
  expect(peak).toBeGreaterThan(1000);
  expect(peak).toBeLessThan(64 * 1024);
  if (process.env.KREPIS_TORTURE) console.log(`VmHWM of the master: ${peak} KiB`);
});

test('a reader of stderr that stands still holds up no command', async () => {
  const root = commands({
    flood:
      "export default () => { for (let i = 0; i < 1000; i++) console.log('x'.repeat(1000)); return { title: 't', files: [{ path: 'src/f.ts', text: 'export const f = 1;\\n' }] }; };\n",
    good,
  });
  const child = spawn(binary('krepis'), ['run', 'flood', 'good'], {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  started.push(child);
  // Nobody reads: the pipe holds 64 KiB.
  await until(() => existsSync(join(root, 'src/f.ts')) && existsSync(join(root, 'src/good.ts')));
  child.stderr.resume();
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
});

describe('output', () => {
  const talks = `export default () => {
  process.stdout.write('half');
  process.stdout.write(' a line\\nä\\x1b[2Jb\\n');
  console.error('to the end');
  return { title: 't', files: [] };
};
`;

  test('is shown in whole lines under the name of its command, without what would move the cursor', () => {
    const root = commands({ talks, longername: talks });
    const outcome = krepisOk(['run', 'talks', 'longername', '--jobs', '1'], { cwd: root });
    const lines = outcome.stderr.split('\n').filter((line) => line.includes(' | '));
    const text = ['half a line', 'äb', 'to the end'];
    expect(lines).toEqual([
      ...text.map((line) => `talks      | ${line}`),
      ...text.map((line) => `longername | ${line}`),
    ]);
    expect(outcome.stderr).not.toContain('\x1b');
  });

  test('is in the answer with --json', () => {
    const root = commands({ talks });
    const outcome = krepisOk(['run', 'talks', '--json'], { cwd: root });
    expect(JSON.parse(outcome.stdout).logs).toEqual([
      { command: 'talks', text: 'half a line\nä\x1b[2Jb\nto the end\n' },
    ]);
    expect(outcome.stderr).toBe('');
  });
});

test('--jobs 0 is a usage failure', () => {
  expect(krepis(['run', 'x', '--jobs', '0'], { cwd: commands({ good }) }).code).toBe(2);
});
