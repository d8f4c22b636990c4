/**
 * Messages made here go to a Rust process, through the Rust types, and come back the same. The values are made from the
 * descriptors: a new message or field is covered by itself. `tests/round_trip.rs` goes the other way.
 */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import fc from 'fast-check';
import * as messages from './index.ts';

const root = join(__dirname, '../../..');
const RUNS = 1000;
// The first run may have to compile the Rust side, behind whoever holds cargo's lock.
const COMPILE_TIMEOUT = 600_000;

interface Codec {
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
  toJSON(message: unknown): unknown;
  fromJSON(json: unknown): unknown;
}

interface Field {
  name: string;
  number: number;
  label: string;
  type: string;
  typeName?: string;
  oneofIndex?: number;
  proto3Optional?: boolean;
  jsonName: string;
}

interface Message {
  name: string;
  field?: Field[];
  oneofDecl?: { name: string }[];
  nestedType?: unknown[];
}

interface Enum {
  name: string;
  value: { number?: number }[];
}

interface DescriptorFile {
  package: string;
  messageType?: Message[];
  enumType?: Enum[];
}

const scratch = mkdtempSync(join(tmpdir(), 'krepis-proto-'));
const descriptors = new Map<string, Message>();
const enums = new Map<string, number[]>();
execFileSync(
  join(root, 'node_modules/.bin/buf'),
  ['build', '--as-file-descriptor-set', '-o', join(scratch, 'd.json')],
  {
    cwd: root,
  },
);
const set = JSON.parse(readFileSync(join(scratch, 'd.json'), 'utf8')) as { file: DescriptorFile[] };
for (const file of set.file.filter((file) => file.package === 'krepis.v1')) {
  for (const message of file.messageType ?? []) descriptors.set(message.name, message);
  for (const { name, value } of file.enumType ?? []) {
    enums.set(
      name,
      value.map(({ number = 0 }) => number),
    );
  }
}
rmSync(scratch, { recursive: true });

function codec(name: string): Codec {
  const found = (messages as unknown as Record<string, Codec | undefined>)[name];
  if (found === undefined) throw new Error(`ts/index.ts does not export ${name}`);
  return found;
}

function shortName(field: Field): string {
  return (field.typeName ?? '').replace('.krepis.v1.', '');
}

/** Any value of a field, without regard to `optional` and `repeated`. */
function value(field: Field, knownEnumsOnly: boolean): fc.Arbitrary<unknown> {
  switch (field.type) {
    case 'TYPE_UINT32':
      return fc.oneof(fc.constantFrom(0, 1, 2 ** 32 - 1), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    case 'TYPE_UINT64':
      return fc.oneof(fc.constantFrom(0n, 2n ** 53n + 1n, 2n ** 64n - 1n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
    case 'TYPE_INT64':
      return fc.oneof(
        fc.constantFrom(-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      );
    case 'TYPE_BOOL':
      return fc.boolean();
    case 'TYPE_ENUM': {
      const known = fc.constantFrom(...(enums.get(shortName(field)) ?? []));
      return knownEnumsOnly ? known : fc.oneof({ weight: 3, arbitrary: known }, fc.integer());
    }
    case 'TYPE_STRING':
      return fc.oneof(fc.constant(''), fc.string({ unit: 'binary' }));
    case 'TYPE_BYTES':
      return fc.oneof(fc.constant(Uint8Array.of(0xff, 0xfe, 0)), fc.uint8Array());
    case 'TYPE_MESSAGE':
      return message(shortName(field), knownEnumsOnly);
    default:
      throw new Error(`${field.name}: teach this test about ${field.type}`);
  }
}

/** Any message, in the form that ts-proto's `decode` gives. */
function message(name: string, knownEnumsOnly: boolean): fc.Arbitrary<Record<string, unknown>> {
  const descriptor = descriptors.get(name);
  if (descriptor === undefined) throw new Error(`no message ${name}`);
  const fields: Record<string, fc.Arbitrary<unknown>> = { _unknownFields: fc.constant({}) };
  const unions = new Map<string, fc.Arbitrary<unknown>[]>();
  for (const field of descriptor.field ?? []) {
    const any = value(field, knownEnumsOnly);
    const union = field.proto3Optional ? undefined : descriptor.oneofDecl?.[field.oneofIndex ?? -1]?.name;
    if (union !== undefined) {
      const members = unions.get(union) ?? [];
      members.push(any.map((value) => ({ $case: field.jsonName, value })));
      unions.set(union, members);
    } else if (field.label === 'LABEL_REPEATED') {
      fields[field.jsonName] = fc.array(any, { maxLength: 3 });
    } else {
      const optional = field.proto3Optional || field.type === 'TYPE_MESSAGE';
      fields[field.jsonName] = optional ? fc.option(any, { nil: undefined }) : any;
    }
  }
  for (const [union, members] of unions) fields[union] = fc.option(fc.oneof(...members), { nil: undefined });
  return fc.record(fields);
}

/** The process of `examples/echo.rs`. */
class Echo {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  #pending: Buffer = Buffer.alloc(0);
  #waiting: ((parts: [Buffer, Buffer]) => void) | undefined;

  constructor(executable: string) {
    this.#process = spawn(executable, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.stdout.on('data', (chunk: Buffer) => {
      this.#pending = Buffer.concat([this.#pending, chunk]);
      const status = this.#part(0);
      const content = status && this.#part(4 + status.length);
      if (!status || !content) return;
      this.#pending = this.#pending.subarray(8 + status.length + content.length);
      this.#waiting?.([status, content]);
    });
  }

  #part(at: number): Buffer | undefined {
    if (this.#pending.length < at + 4) return undefined;
    const end = at + 4 + this.#pending.readUInt32LE(at);
    return this.#pending.length < end ? undefined : this.#pending.subarray(at + 4, end);
  }

  async ask(what: string, name: string, content: Uint8Array): Promise<Uint8Array> {
    const answer = new Promise<[Buffer, Buffer]>((resolve) => {
      this.#waiting = resolve;
    });
    for (const part of [Buffer.from(what), Buffer.from(name), content]) {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(part.length);
      this.#process.stdin.write(length);
      this.#process.stdin.write(part);
    }
    const [status, bytes] = await answer;
    if (status.toString() !== 'ok') throw new Error(`${name}: ${bytes.toString()}`);
    return new Uint8Array(bytes);
  }

  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#process.once('close', () => resolve()));
    this.#process.stdin.end();
    return closed;
  }
}

let echo: Echo;

beforeAll(() => {
  const output = execFileSync(
    'cargo',
    ['build', '--quiet', '--package', 'krepis-proto', '--example', 'echo', '--message-format=json'],
    { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const artifacts = output
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { executable?: string; target?: { name: string } });
  const executable = artifacts.find(({ executable, target }) => executable && target?.name === 'echo')?.executable;
  if (!executable) throw new Error('cargo named no executable');
  echo = new Echo(executable);
}, COMPILE_TIMEOUT);

afterAll(() => echo.close());

const names = [...descriptors.keys()];

describe('messages between TypeScript and Rust', () => {
  test('the descriptors hold messages', () => {
    expect(names).toContain('ChangeSet');
    expect(names).toContain('RunnerFrame');
    expect([...descriptors.values()].filter((message) => message.nestedType?.length)).toEqual([]);
  });

  test.each(names)(
    '%s comes back the same',
    async (name) => {
      const { encode, decode } = codec(name);
      await fc.assert(
        fc.asyncProperty(message(name, false), async (value) => {
          const back = await echo.ask('binary', name, encode(value).finish());
          expect(decode(back)).toEqual(value);
        }),
        { numRuns: RUNS },
      );
    },
    60_000,
  );

  test.each(names)(
    '%s has the same JSON on both sides',
    async (name) => {
      const { encode, decode, toJSON, fromJSON } = codec(name);
      await fc.assert(
        fc.asyncProperty(message(name, true), async (value) => {
          const json = JSON.parse(JSON.stringify(toJSON(value))) as unknown;
          const theirs = await echo.ask('toJson', name, encode(value).finish());
          expect(JSON.parse(Buffer.from(theirs).toString())).toEqual(json);
          const back = await echo.ask('fromJson', name, Buffer.from(JSON.stringify(json)));
          expect(decode(back)).toEqual(value);
          expect(encode(fromJSON(json)).finish()).toEqual(encode(value).finish());
        }),
        { numRuns: RUNS },
      );
    },
    60_000,
  );

  test('an empty optional is not an absent one', async () => {
    for (const before of ['', undefined]) {
      const bytes = messages.FileChange.encode(messages.FileChange.fromPartial({ path: 'a', before })).finish();
      expect(messages.FileChange.decode(await echo.ask('binary', 'FileChange', bytes)).before).toBe(before);
    }
  });

  test('64-bit integers keep every digit', async () => {
    for (const size of [2n ** 64n - 1n, 2n ** 53n + 1n, 0n]) {
      const bytes = messages.FileStateRecord.encode(messages.FileStateRecord.fromPartial({ size })).finish();
      expect(messages.FileStateRecord.decode(await echo.ask('binary', 'FileStateRecord', bytes)).size).toBe(size);
    }
    for (const timeMs of [-(2n ** 63n), 2n ** 63n - 1n]) {
      const bytes = messages.Operation.encode(messages.Operation.fromPartial({ timeMs })).finish();
      expect(messages.Operation.decode(await echo.ask('binary', 'Operation', bytes)).timeMs).toBe(timeMs);
    }
  });

  test('unknown fields are kept on this side and ignored by Rust', async () => {
    const title = messages.ChangeSet.encode(messages.ChangeSet.fromPartial({ title: 't' })).finish();
    // Field 1000, a string; no message has it.
    const unknown = Uint8Array.of(0xc2, 0x3e, 2, 0x68, 0x69);
    const bytes = new Uint8Array([...title, ...unknown]);
    expect(messages.ChangeSet.encode(messages.ChangeSet.decode(bytes)).finish()).toEqual(bytes);
    expect(await echo.ask('binary', 'ChangeSet', bytes)).toEqual(title);
  });

  test('Rust refuses an unknown JSON field by name', async () => {
    await expect(echo.ask('fromJson', 'ChangeSet', Buffer.from('{"fils":[]}'))).rejects.toThrow('unknown field `fils`');
  });
});
