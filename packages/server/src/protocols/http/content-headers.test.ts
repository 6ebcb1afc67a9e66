import fc from 'fast-check';
import { validateHeaderValue } from 'node:http';
import { describe, expect, it } from 'vitest';
import { contentDispositionHeader, contentTypeHeader } from './content-headers.js';

describe('contentTypeHeader', () => {
  it.each([
    [null, 'application/octet-stream'],
    ['', 'application/octet-stream'],
    ['nonsense', 'application/octet-stream'],
    ['text/csv\r\nX-Evil: 1', 'application/octet-stream'],
    ['text/csv', 'text/csv; charset=utf-8'],
    ['text/csv; charset=latin1', 'text/csv; charset=latin1'],
    ['application/x-parquet', 'application/x-parquet'],
  ])('%j', (stored, expected) => {
    expect(contentTypeHeader(stored)).toBe(expected);
  });
});

describe('contentDispositionHeader', () => {
  it.each([
    ['d.csv', 'attachment; filename="d.csv"'],
    ['a b.csv', 'attachment; filename="a b.csv"'],
    ['a"b.csv', `attachment; filename="a_b.csv"; filename*=utf-8''a%22b.csv`],
    ['žluť.csv', `attachment; filename="_lu_.csv"; filename*=utf-8''%C5%BElu%C5%A5.csv`],
  ])('%s', (name, expected) => {
    expect(contentDispositionHeader(name)).toBe(expected);
  });

  it('is a valid header whatever the name, and gives the name back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const header = contentDispositionHeader(name);
        expect(() => validateHeaderValue('content-disposition', header)).not.toThrow();
        const extended = /filename\*=utf-8''(\S+)$/.exec(header)?.[1];
        const plain = /^attachment; filename="([^"]*)"$/.exec(header)?.[1];
        const wellFormed = Buffer.from(name).toString();
        expect(extended === undefined ? plain : decodeURIComponent(extended)).toBe(wellFormed);
      }),
    );
  });
});
