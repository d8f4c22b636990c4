/**
 * Reads messages on stdin and sends each back on stdout, by way of the TypeScript types. The round-trip tests of the
 * Rust side bundle it and talk to it; `examples/echo.rs` is its twin and says what a request looks like.
 */
import * as messages from '../index.ts';

interface Codec {
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
  toJSON(message: unknown): unknown;
  fromJSON(json: unknown): unknown;
}

function answer(what: string, name: string, content: Uint8Array): Uint8Array {
  const codec = (messages as unknown as Record<string, Codec | undefined>)[name];
  if (codec === undefined) throw new Error(`no message ${name}`);
  switch (what) {
    case 'binary':
      return codec.encode(codec.decode(content)).finish();
    case 'toJson':
      return new TextEncoder().encode(JSON.stringify(codec.toJSON(codec.decode(content))));
    case 'fromJson':
      return codec.encode(codec.fromJSON(JSON.parse(new TextDecoder().decode(content)))).finish();
    default:
      throw new Error(`unknown request ${what}`);
  }
}

function reply(...parts: Uint8Array[]): void {
  for (const part of parts) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(part.length);
    process.stdout.write(length);
    process.stdout.write(part);
  }
}

let pending = Buffer.alloc(0);

/** The next three parts, once all of them have arrived. */
function request(): [Buffer, Buffer, Buffer] | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  while (parts.length < 3) {
    if (pending.length < at + 4) return undefined;
    const end = at + 4 + pending.readUInt32LE(at);
    if (pending.length < end) return undefined;
    parts.push(pending.subarray(at + 4, end));
    at = end;
  }
  pending = pending.subarray(at);
  return parts as [Buffer, Buffer, Buffer];
}

process.stdin.on('data', (chunk: Buffer) => {
  pending = Buffer.concat([pending, chunk]);
  for (let next = request(); next !== undefined; next = request()) {
    const [what, name, content] = next;
    try {
      reply(Buffer.from('ok'), answer(what.toString(), name.toString(), new Uint8Array(content)));
    } catch (error) {
      reply(Buffer.from('error'), Buffer.from(String(error)));
    }
  }
});
