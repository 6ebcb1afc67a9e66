import { describe, expect, it } from 'vitest';
import { decodeStartupPacket } from './startup-packet.js';

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const packet = (...parts: (number | string)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? int32(part) : Buffer.from(part))));
const VERSION_3 = 3 << 16;

describe('startup packet', () => {
  it('knows the requests that come before a session', () => {
    expect(decodeStartupPacket(packet(80_877_103))).toEqual({ kind: 'ssl-request' });
    expect(decodeStartupPacket(packet(80_877_104))).toEqual({ kind: 'gss-encryption-request' });
    expect(decodeStartupPacket(packet(80_877_102, 7, -2))).toEqual({
      kind: 'cancel-request',
      backendPid: 7,
      secret: 0xfffffffe,
    });
  });

  it('reads parameters and sets protocol extensions aside', () => {
    const body = packet(VERSION_3, 'user\0ana\0database\0w\0_pq_.mine\x001\0options\0-c a=b\0user\0eva\0\0');
    expect(decodeStartupPacket(body)).toEqual({
      kind: 'startup',
      minorVersion: 0,
      parameters: new Map([
        ['user', 'eva'],
        ['database', 'w'],
        ['options', '-c a=b'],
      ]),
      extensions: ['_pq_.mine'],
    });
  });

  it('tells the minor version, which the server negotiates down', () => {
    expect(decodeStartupPacket(packet(VERSION_3 | 2, 'user\0ana\0\0'))).toMatchObject({ minorVersion: 2 });
  });

  it.each([
    ['protocol 2', packet(2 << 16, 'user\0ana\0\0'), '0A000'],
    ['a code nobody knows', packet(80_877_105), '0A000'],
    ['no terminator', packet(VERSION_3, 'user\0ana\0'), '08P01'],
    ['bytes after the terminator', packet(VERSION_3, 'user\0ana\0\0x'), '08P01'],
    ['a name without a value', packet(VERSION_3, 'user\0'), '08P01'],
    ['text that is not UTF-8', Buffer.concat([packet(VERSION_3), Buffer.from('user\0\xff\0\0', 'latin1')]), '22021'],
    ['a cancel without its secret', packet(80_877_102, 7), '08P01'],
    ['an SSLRequest with a tail', packet(80_877_103, 0), '08P01'],
    ['less than a number', Buffer.from([0, 3]), '08P01'],
  ])('refuses %s', (_case, body, sqlState) => {
    expect(() => decodeStartupPacket(body)).toThrow(expect.objectContaining({ sqlState, severity: 'FATAL' }));
  });
});
