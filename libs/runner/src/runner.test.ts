/** Drives the bundled runner on a real Node as the master does: frames on descriptors 3 and 4. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { type Command, type CommandResult, MasterFrame, QueryAnswer, RunnerFrame, StartCommands } from '@krepis/proto';
import { encodeFrame, FrameDecoder } from './frames.ts';

const packageRoot = join(__dirname, '..');
let scratch: string;
let bundle: string;
let root: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'krepis-runner-'));
  bundle = join(scratch, 'runner');
  const fixture = join(packageRoot, 'fixtures/generator.mjs');
  const built = spawnSync(process.execPath, ['bundle.mjs', '--out', bundle, '--generator', fixture], {
    cwd: packageRoot,
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(built.stderr);
  root = join(scratch, 'workspace');
  mkdirSync(root);
  writeFileSync(join(root, 'seed.txt'), 'seed');
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Writes a command of the workspace and returns the source for it. */
function moduleOf(name: string, text: string): Command['source'] {
  const file = join(root, name);
  writeFileSync(file, text);
  return { $case: 'module', value: file };
}

const builtin = (kind: string): Command['source'] => ({ $case: 'builtin', value: kind });
const good =
  'export default (view: unknown, options: { name: string }) => ({ title: "good", files: [{ path: options.name, text: "x" }] });\n';

interface Ran {
  readonly code: number | null;
  readonly results: CommandResult[];
  readonly logs: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly ready: { nodeVersion: string; snapshot: boolean } | undefined;
}

interface Plan {
  commands: (Partial<Command> & { source: Command['source'] })[];
  answer?: (className: string) => Partial<QueryAnswer>;
  start?: Partial<StartCommands>;
  nodeArguments?: string[];
  raw?: Buffer;
}

function runRunner(plan: Plan): Promise<Ran> {
  const child = spawn(process.execPath, plan.nodeArguments ?? [join(bundle, 'main.cjs')], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  const [, , , input, output] = child.stdio as [null, Readable, Readable, Duplex, Readable];
  const send = (frame: MasterFrame['frame']) => input.write(encodeFrame(MasterFrame.encode({ frame }).finish()));
  const commands = plan.commands.map((command, index) => ({
    id: index + 1,
    name: `c${index + 1}`,
    optionsJson: '{"name":"made.txt"}',
    timeoutMs: 0,
    memoryMb: 0,
    ...command,
  }));
  if (plan.raw) input.end(plan.raw);
  else send({ $case: 'start', value: StartCommands.fromPartial({ root, commands, ...plan.start }) });

  const ran = { results: [] as CommandResult[], logs: '', stdout: '', stderr: '', ready: undefined as Ran['ready'] };
  const decoder = new FrameDecoder();
  output.on('data', (chunk: Buffer) => {
    for (const payload of decoder.push(chunk)) {
      const { frame } = RunnerFrame.decode(payload);
      if (frame?.$case === 'ready') ran.ready = frame.value;
      else if (frame?.$case === 'result') ran.results.push(frame.value);
      else if (frame?.$case === 'log') ran.logs += frame.value.text;
      else if (frame?.$case === 'query') {
        const { id, question } = frame.value;
        const asked = question?.$case === 'className' ? question.value : '';
        send({ $case: 'answer', value: QueryAnswer.fromPartial({ id, ...plan.answer?.(asked) }) });
      }
    }
  });
  child.stdout?.on('data', (chunk) => {
    ran.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    ran.stderr += chunk;
  });
  input.on('error', () => {});
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ran, code })));
}

const outcome = (ran: Ran, id: number) => ran.results.find((result) => result.command === id)?.outcome;
const errorOf = (ran: Ran, id: number) => {
  const found = outcome(ran, id);
  return found?.$case === 'error' ? found.value : undefined;
};

test('one built-in runs on the main thread and sees the workspace', async () => {
  const ran = await runRunner({ commands: [{ source: builtin('good') }] });
  expect(ran.ready).toMatchObject({ nodeVersion: process.version, snapshot: false });
  expect(ran.code).toBe(0);
  const change = outcome(ran, 1);
  if (change?.$case !== 'changeSet') throw new Error(JSON.stringify(change));
  expect(change.value.files[0]?.body).toEqual({ $case: 'text', value: 'export const a = "seed";\n' });
  expect(change.value.reads.map((read) => read.path)).toEqual(['seed.txt']);
});

test.each([
  ['on the main thread', 1],
  ['on worker threads', 3],
])('a command asks the engine for classes %s', async (_, count) => {
  const commands = Array.from({ length: count }, () => ({ source: builtin('find') }));
  const answer = (className: string) => ({ classes: [{ path: 'src/x.ts', line: 7, name: className, exported: true }] });
  const ran = await runRunner({ commands, answer });
  expect(ran.code).toBe(0);
  for (let id = 1; id <= count; id++) {
    const found = outcome(ran, id);
    if (found?.$case !== 'changeSet') throw new Error(JSON.stringify(found));
    expect(found.value.files[0]?.body?.value).toContain('"name":"made.txt"');
  }
});

test('a refusal is no error, and keeps its code, place and hint', async () => {
  const ran = await runRunner({ commands: [{ source: builtin('refuse') }] });
  expect(outcome(ran, 1)).toMatchObject({
    $case: 'refusal',
    value: {
      code: 'KRP6002',
      message: 'two classes of that name',
      hint: 'say which',
      at: { path: 'src/a.ts', line: 3 },
    },
  });
});

test('a built-in that throws on the main thread is an error that names it', async () => {
  const ran = await runRunner({ commands: [{ source: builtin('throw'), name: 'service' }] });
  expect(ran.code).toBe(0);
  expect(errorOf(ran, 1)).toMatchObject({
    code: 'KRP5501',
    message: 'command `service` threw',
    reason: 'TypeError: built-in broke',
  });
  expect(ran.logs).toContain('built-in broke');
});

// Each way to misbehave, beside a good command that must not notice.
test.each<[string, string, string, Partial<Command>, string]>([
  ['throws', 'bad.ts', 'export default () => { throw new TypeError("no"); };', {}, 'KRP5501'],
  ['throws something odd', 'bad.ts', 'export default () => { throw { get message() { throw 1; } }; };', {}, 'KRP5501'],
  ['rejects', 'bad.ts', 'export default async () => { await null; throw new Error("later"); };', {}, 'KRP5501'],
  ['overflows its stack', 'bad.ts', 'const f = (): never => f(); export default () => f();', {}, 'KRP5501'],
  [
    'leaves a rejection unhandled',
    'bad.ts',
    'export default () => { void Promise.reject(new Error("lost")); return new Promise((done) => setTimeout(done, 60_000)); };',
    {},
    'KRP5502',
  ],
  [
    'throws in a timer',
    'bad.ts',
    'export default () => { setTimeout(() => { throw new Error("timer"); }); return new Promise((done) => setTimeout(done, 60_000)); };',
    {},
    'KRP5501',
  ],
  ['exits', 'bad.ts', 'export default () => { process.exit(0); };', {}, 'KRP5503'],
  [
    'never settles and lets go of its port',
    'bad.ts',
    'import { parentPort } from "node:worker_threads"; export default () => { parentPort?.postMessage({ kind: "result", bytes: new Uint8Array(3) }); process.exit(3); };',
    {},
    'KRP5503',
  ],
  ['loops', 'bad.ts', 'export default () => { for (;;); };', { timeoutMs: 300 }, 'KRP5504'],
  ['loops while it loads', 'bad.ts', 'for (;;); export default 1;', { timeoutMs: 300 }, 'KRP5504'],
  [
    'waits for ever',
    'bad.ts',
    'export default () => new Promise(() => setInterval(() => {}, 1000));',
    { timeoutMs: 300 },
    'KRP5504',
  ],
  [
    'eats its heap',
    'bad.ts',
    'export default () => { const a: unknown[] = []; for (;;) a.push({ a }); };',
    { memoryMb: 32 },
    'KRP5505',
  ],
  ['returns garbage', 'bad.ts', 'export default () => ({ title: "x", fles: [] });', {}, 'KRP5506'],
  ['returns nothing', 'bad.ts', 'export default () => {};', {}, 'KRP5506'],
  [
    'returns something that throws when read',
    'bad.ts',
    'export default () => ({ title: "x", get files() { throw new Error("trap"); } });',
    {},
    'KRP5506',
  ],
  ['exports no function', 'bad.ts', 'export const x = 1;', {}, 'KRP5507'],
  ['does not parse', 'bad.ts', 'export default (', {}, 'KRP5508'],
  ['needs more than type stripping', 'bad.ts', 'enum A { B } export default () => A.B;', {}, 'KRP5508'],
  [
    'reads outside the workspace',
    'bad.ts',
    'export default (view: { read(path: string): string }) => view.read("../secret");',
    {},
    'KRP5511',
  ],
])('a command that %s costs only itself', async (_, file, text, limits, code) => {
  const bad = { source: moduleOf(file, text), name: 'bad', ...limits };
  const ran = await runRunner({ commands: [bad, { source: moduleOf('good.ts', good), name: 'good' }] });
  expect(ran.code).toBe(0);
  expect(errorOf(ran, 1)).toMatchObject({ code, message: expect.stringContaining('`bad`') });
  expect(outcome(ran, 2)?.$case).toBe('changeSet');
  expect(ran.results).toHaveLength(2);
});

test('an error names the place in the workspace', async () => {
  const ran = await runRunner({
    commands: [{ source: moduleOf('place.ts', 'export default () => {\n  throw new Error("here");\n};\n') }],
  });
  expect(errorOf(ran, 1)?.at).toMatchObject({ path: 'place.ts', line: 2, column: 9 });
});

test('a single module command runs beside the main thread too', async () => {
  const ran = await runRunner({
    commands: [{ source: moduleOf('exit.mjs', 'export default () => process.exit(0);') }],
  });
  expect(ran.code).toBe(0);
  expect(errorOf(ran, 1)?.code).toBe('KRP5503');
});

test('output of a worker becomes log text, in order, and is cut where it floods', async () => {
  const text =
    'export default () => { console.log("one"); console.error("two"); process.stdout.write("three\\n"); return { title: "t", files: [] }; };';
  const flood =
    'export default () => { for (let i = 0; i < 3000; i++) console.log("x".repeat(1000)); return { title: "t" }; };';
  const quiet = await runRunner({ commands: [{ source: moduleOf('log.ts', text) }] });
  expect(quiet.logs).toBe('one\ntwo\nthree\n');
  expect(quiet.stdout).toBe('');
  const loud = await runRunner({ commands: [{ source: moduleOf('flood.ts', flood) }] });
  // One more than the limit: the master cuts, and says so.
  expect(loud.logs.length).toBe(1024 * 1024 + 1);
  expect(outcome(loud, 1)?.$case).toBe('changeSet');
});

test('twenty commands at once each have one result', async () => {
  const source = moduleOf('good.ts', good);
  const commands = Array.from({ length: 20 }, (_, index) => ({
    source: index % 2 === 0 ? source : builtin('good'),
    optionsJson: JSON.stringify({ name: `n${index}` }),
  }));
  const ran = await runRunner({ commands });
  expect(ran.code).toBe(0);
  expect(ran.results.map((result) => result.command).sort((a, b) => a - b)).toEqual(
    commands.map((_, index) => index + 1),
  );
  expect(ran.results.every((result) => result.outcome?.$case === 'changeSet')).toBe(true);
});

test('commands see pending content and krepis.json', async () => {
  const source = moduleOf(
    'see.ts',
    'export default (view: { read(p: string): string; config: unknown }) => ({ title: view.read("pending.txt") + JSON.stringify(view.config) });',
  );
  const overlay = [{ path: 'pending.txt', content: Buffer.from('pending') }];
  const ran = await runRunner({ commands: [{ source }], start: { overlay, configJson: '{"root":"src"}' } });
  expect(outcome(ran, 1)).toMatchObject({ value: { title: 'pending{"root":"src"}' } });
});

test.each([
  ['is no frame', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'KRP5510'],
  ['holds no message', encodeFrame(Buffer.from([0xff, 0xff])), 'KRP5510'],
  [
    'is the wrong message',
    encodeFrame(MasterFrame.encode({ frame: { $case: 'answer', value: QueryAnswer.fromPartial({ id: 1 }) } }).finish()),
    'KRP5510',
  ],
])('input that %s ends the runner with 70', async (_, raw, code) => {
  const ran = await runRunner({ commands: [], raw });
  expect(ran.code).toBe(70);
  expect(ran.stderr).toContain(code);
});

test('a master that goes away ends the runner, whatever its commands do', async () => {
  const commands = [
    {
      id: 1,
      name: 'loop',
      source: moduleOf('loop.ts', 'export default () => { for (;;); };'),
      optionsJson: '',
      timeoutMs: 0,
      memoryMb: 0,
    },
  ];
  const start = StartCommands.fromPartial({ root, commands });
  const ran = await runRunner({
    commands: [],
    raw: encodeFrame(MasterFrame.encode({ frame: { $case: 'start', value: start } }).finish()),
  });
  expect(ran.code).toBe(70);
});

test('a snapshot answers as the plain start does', async () => {
  const blob = join(scratch, 'runner.blob');
  const built = spawnSync(process.execPath, [join(bundle, 'build-snapshot.cjs'), blob], { encoding: 'utf8' });
  expect(built.status).toBe(0);
  const plan: Plan = { commands: [{ source: builtin('good') }] };
  const plain = await runRunner(plan);
  const fast = await runRunner({ ...plan, nodeArguments: ['--snapshot-blob', blob] });
  expect(fast.ready?.snapshot).toBe(true);
  expect(fast.code).toBe(0);
  expect(fast.results).toEqual(plain.results);
});
