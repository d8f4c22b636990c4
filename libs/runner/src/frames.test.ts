import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { encodeFrame, FrameDecoder, HEADER_LENGTH, MAX_PAYLOAD } from './frames.ts';

const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });

test('frames come out as they went in, however the stream is cut', () => {
  fc.assert(
    fc.property(payloads, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, cuts) => {
      const stream = Buffer.concat(sent.map((payload) => encodeFrame(payload)));
      const decoder = new FrameDecoder();
      const received: Buffer[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const length = cuts[turn % cuts.length] as number;
        received.push(...decoder.push(stream.subarray(at, at + length)));
        at += length;
      }
      decoder.end();
      expect(received.map((payload) => [...payload])).toEqual(sent.map((payload) => [...payload]));
    }),
  );
});

test('a flipped bit anywhere in a frame is seen', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(), (payload, position) => {
      const frame = encodeFrame(payload);
      const bit = position % (frame.length * 8);
      frame[bit >> 3] = (frame[bit >> 3] as number) ^ (1 << (bit & 7));
      const decoder = new FrameDecoder();
      // A length that grew makes the frame incomplete: that is seen when the stream ends.
      expect(() => {
        decoder.push(frame);
        decoder.end();
      }).toThrow();
    }),
    { numRuns: 500 },
  );
});

test('a frame that claims too much is refused before its payload is read', () => {
  const header = Buffer.from(encodeFrame(new Uint8Array(0)));
  header.writeUInt32LE(MAX_PAYLOAD + 1, 4);
  expect(() => new FrameDecoder().push(header.subarray(0, HEADER_LENGTH))).toThrow('claims');
});

test('a payload over the limit is not sent', () => {
  expect(() => encodeFrame({ length: MAX_PAYLOAD + 1 } as Uint8Array)).toThrow('does not fit');
});

test('a stream that ends inside a frame is damaged', () => {
  const decoder = new FrameDecoder();
  decoder.push(encodeFrame(Buffer.from('abc')).subarray(0, 13));
  expect(() => decoder.end()).toThrow('into a frame');
});
