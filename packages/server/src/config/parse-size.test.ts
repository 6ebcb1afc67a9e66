import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSize, parseSize } from './parse-size.js';

describe('parseSize', () => {
  it.each([
    ['0', 0],
    ['1048576', 1_048_576],
    ['4GB', 4e9],
    ['4 gb', 4e9],
    ['10GiB', 10 * 1024 ** 3],
    ['1.5MB', 1_500_000],
    ['2t', 2e12],
  ])('reads %s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', 'GB', '-1', '1e3', '4 XB', '1,5GB', '0x10', '99999999999TB', '80%'])('refuses "%s"', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  it('reads back what formatSize writes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(parseSize(formatSize(bytes))).toBe(bytes);
      }),
    );
  });
});
