import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME_TYPES, FrameReader, MAX_STARTUP_BYTES, type Frame } from './frame-reader.js';

const LIMIT = 1000;

function frame(type: string, body: Buffer | string): Buffer {
  const content = Buffer.from(body as string);
  const header = Buffer.alloc(5);
  header.write(type, 0, 'latin1');
  header.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([header, content]);
}

function readAll(reader: FrameReader): Frame[] {
  const frames: Frame[] = [];
  for (let one = reader.next(); one !== undefined; one = reader.next()) frames.push(one);
  return frames;
}

const plain = ({ type, body }: Frame) => `${type}:${body.toString('latin1')}`;

describe('FrameReader', () => {
  it('reads the same messages however the stream is cut', () => {
    const messages = fc.array(fc.tuple(fc.constantFrom(...FRAME_TYPES), fc.uint8Array({ maxLength: 40 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, sizes) => {
        const stream = Buffer.concat(sent.map(([type, body]) => frame(type, Buffer.from(body))));
        const reader = new FrameReader({ maxMessageBytes: LIMIT });
        const received: string[] = [];
        for (let at = 0, cut = 0; at < stream.length; cut += 1) {
          const size = sizes[cut % sizes.length] ?? 1;
          reader.push(stream.subarray(at, at + size));
          at += size;
          received.push(...readAll(reader).map(plain));
        }
        expect(received).toEqual(sent.map(([type, body]) => plain({ type, body: Buffer.from(body) })));
        expect(reader.bufferedBytes).toBe(0);
      }),
    );
  });

  it('splits at every byte and joins everything', () => {
    const stream = Buffer.concat([frame('Q', 'SELECT 1\0'), frame('S', ''), frame('X', '')]);
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const reader = new FrameReader({ maxMessageBytes: LIMIT });
      reader.push(stream.subarray(0, cut));
      const first = readAll(reader);
      reader.push(stream.subarray(cut));
      expect([...first, ...readAll(reader)].map(plain)).toEqual(['Q:SELECT 1\0', 'S:', 'X:']);
    }
  });

  it('views a message that came in one piece', () => {
    const reader = new FrameReader({ maxMessageBytes: LIMIT });
    const chunk = frame('d', 'abc');
    reader.push(chunk);
    expect(reader.next()?.body.buffer).toBe(chunk.buffer);
  });

  it('joins a message of many pieces without copying it again and again', () => {
    const body = Buffer.alloc(8 * 1024 * 1024, 'x');
    const stream = frame('d', body);
    const reader = new FrameReader({ maxMessageBytes: stream.length });
    const frames: Frame[] = [];
    for (let at = 0; at < stream.length; at += 512) {
      reader.push(stream.subarray(at, at + 512));
      frames.push(...readAll(reader));
    }
    expect(frames).toHaveLength(1);
    expect(frames[0]?.body.equals(body)).toBe(true);
  });

  it.each([
    ['an unknown type, before its length is there', Buffer.from('G'), 'invalid frontend message type 71'],
    ['a length below its own four bytes', Buffer.from('Q\0\0\0\x03', 'latin1'), 'invalid message length'],
    ['a negative length', Buffer.from('Q\xff\xff\xff\xff', 'latin1'), 'invalid message length'],
    [
      'a message above the limit, before its body is there',
      Buffer.from('Q\0\0\x03\xe9', 'latin1'),
      'a message of 1001',
    ],
  ])('refuses %s', (_case, bytes, message) => {
    const reader = new FrameReader({ maxMessageBytes: LIMIT });
    reader.push(bytes);
    expect(() => reader.next()).toThrow(
      expect.objectContaining({
        sqlState: '08P01',
        severity: 'FATAL',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  it('takes a new limit for what was not read yet', () => {
    const reader = new FrameReader({ maxMessageBytes: LIMIT });
    reader.push(frame('p', 'x'.repeat(500)));
    reader.maxMessageBytes = 100;
    expect(() => reader.next()).toThrow('exceeds the limit of 100 bytes');
  });

  it('reads startup packets, then messages, then hands over the rest', () => {
    const startup = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
    const reader = new FrameReader({ maxMessageBytes: LIMIT });
    reader.push(startup.subarray(0, 3));
    expect(reader.nextStartup()).toBeUndefined();
    reader.push(Buffer.concat([startup.subarray(3), frame('p', 'pw\0'), frame('Q', 'SELECT 1\0')]));
    expect(reader.nextStartup()).toEqual(startup.subarray(4));
    expect(reader.next()?.type).toBe('p');
    expect(reader.takeRest()).toEqual(frame('Q', 'SELECT 1\0'));
    expect(reader.bufferedBytes).toBe(0);
  });

  it.each([0, 4, 7, -1, MAX_STARTUP_BYTES + 1])('refuses a startup packet of %i bytes', (length) => {
    const reader = new FrameReader({ maxMessageBytes: LIMIT });
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(length);
    reader.push(bytes);
    expect(() => reader.nextStartup()).toThrow('invalid length of startup packet');
  });
});
