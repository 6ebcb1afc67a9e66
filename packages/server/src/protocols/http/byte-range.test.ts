import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNotModified, parseRange, rangeStillApplies } from './byte-range.js';

describe('parseRange', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=2-4', { start: 2, end: 4 }],
    ['bytes=2-', { start: 2, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-99', { start: 0, end: 9 }],
    ['bytes=5-99', { start: 5, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=4-2', 'everything'],
    ['bytes=0-1,4-5', 'everything'],
    ['lines=1-2', 'everything'],
    ['bytes=-', 'everything'],
    [undefined, 'everything'],
  ])('%s of ten bytes', (header, expected) => {
    expect(parseRange(header, 10)).toEqual(expected);
  });

  it('never asks for bytes that are not there', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789-,= bytes') }), fc.nat(1000), (text, size) => {
        const range = parseRange(`bytes=${text}`, size);
        if (typeof range === 'string') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
      }),
    );
  });
});

const current = { etag: '"abc"', lastModified: new Date('2026-11-23T16:08:26.932Z') };

describe('conditional requests', () => {
  it.each([
    ['"abc"', undefined, true],
    ['W/"abc"', undefined, true],
    ['"x", "abc"', undefined, true],
    ['*', undefined, true],
    ['"x"', 'Mon, 23 Nov 2026 16:08:26 GMT', false],
    [undefined, 'Mon, 23 Nov 2026 16:08:26 GMT', true],
    [undefined, 'Mon, 23 Nov 2026 16:08:25 GMT', false],
    [undefined, 'yesterday', false],
    [undefined, undefined, false],
  ])('If-None-Match %s, If-Modified-Since %s', (ifNoneMatch, ifModifiedSince, expected) => {
    expect(isNotModified({ ifNoneMatch, ifModifiedSince }, current)).toBe(expected);
  });

  it.each([
    [undefined, true],
    ['"abc"', true],
    ['W/"abc"', false],
    ['"x"', false],
    ['Mon, 23 Nov 2026 16:08:26 GMT', true],
    ['Mon, 23 Nov 2026 16:08:27 GMT', false],
  ])('If-Range %s', (header, expected) => {
    expect(rangeStillApplies(header, current)).toBe(expected);
  });
});
