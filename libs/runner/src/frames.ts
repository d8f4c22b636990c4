/**
 * The framing between master and runner: magic `KRPF`, length (u32, little endian, at most 64 MiB), CRC-32 (IEEE, u32,
 * little endian) of the payload, payload. Both directions have a descriptor of their own, so no stray output of a
 * command can get between two frames.
 */
import { crc32 } from 'node:zlib';
import { errors, RunnerError } from './errors.ts';

/** The largest payload, in bytes. */
export const MAX_PAYLOAD = 64 * 1024 * 1024;
/** Bytes before each payload. */
export const HEADER_LENGTH = 12;
/** `KRPF` as a little-endian number. */
const MAGIC = 0x4650_524b;

/**
 * Puts a payload into a frame.
 *
 * @param payload - an encoded message
 * @returns the bytes for the wire
 * @throws RunnerError BAD_FRAME if the payload is larger than {@link MAX_PAYLOAD}
 */
export function encodeFrame(payload: Uint8Array): Buffer {
  if (payload.length > MAX_PAYLOAD) {
    throw new RunnerError(errors.BAD_FRAME, `a message of ${payload.length} bytes does not fit into a frame`, {
      hint: `a command may answer with at most ${MAX_PAYLOAD} bytes`,
    });
  }
  const frame = Buffer.allocUnsafe(HEADER_LENGTH + payload.length);
  frame.writeUInt32LE(MAGIC, 0);
  frame.writeUInt32LE(payload.length, 4);
  frame.writeUInt32LE(crc32(payload), 8);
  frame.set(payload, HEADER_LENGTH);
  return frame;
}

/** Takes frames out of a stream of bytes, however it is cut. */
export class FrameDecoder {
  #chunks: Buffer[] = [];
  #length = 0;

  /**
   * Adds bytes.
   *
   * @returns the payloads that are complete now
   * @throws RunnerError BAD_FRAME for a wrong magic, length or checksum; the stream cannot be read on after that
   */
  push(chunk: Uint8Array): Buffer[] {
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    this.#length += chunk.length;
    const payloads: Buffer[] = [];
    for (let payload = this.#next(); payload; payload = this.#next()) payloads.push(payload);
    return payloads;
  }

  /**
   * Says that no bytes follow.
   *
   * @throws RunnerError BAD_FRAME if the stream ends inside a frame
   */
  end(): void {
    if (this.#length > 0) throw bad(`the stream ended ${this.#length} bytes into a frame`);
  }

  #next(): Buffer | undefined {
    if (this.#length < HEADER_LENGTH) return undefined;
    const header = this.#peek(HEADER_LENGTH);
    if (header.readUInt32LE(0) !== MAGIC) throw bad('a frame does not begin with KRPF');
    const length = header.readUInt32LE(4);
    if (length > MAX_PAYLOAD) throw bad(`a frame claims ${length} bytes`);
    if (this.#length < HEADER_LENGTH + length) return undefined;
    const frame = this.#peek(HEADER_LENGTH + length);
    this.#drop(HEADER_LENGTH + length);
    const payload = frame.subarray(HEADER_LENGTH);
    if (crc32(payload) !== frame.readUInt32LE(8)) throw bad(`the checksum of a frame of ${length} bytes is wrong`);
    return payload;
  }

  /** The first `count` bytes; joins chunks only where they are needed. */
  #peek(count: number): Buffer {
    const first = this.#chunks[0] as Buffer;
    return first.length >= count ? first.subarray(0, count) : Buffer.concat(this.#chunks, count);
  }

  #drop(count: number): void {
    this.#length -= count;
    let left = count;
    while (left > 0) {
      const first = this.#chunks[0] as Buffer;
      if (first.length > left) {
        this.#chunks[0] = first.subarray(left);
        return;
      }
      left -= first.length;
      this.#chunks.shift();
    }
  }
}

function bad(message: string): RunnerError {
  return new RunnerError(errors.BAD_FRAME, message, {
    hint: 'run the command again; if it stays, the krepis program and its runner are of different versions',
  });
}
