import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonBody } from './json-text.js';
import { ValidationError, type ValidationIssue } from './validation/validation-error.js';

const parseText = (text: string): unknown => parseJsonBody(Buffer.from(text));

function issueOf(text: string | Uint8Array): ValidationIssue | undefined {
  try {
    parseJsonBody(typeof text === 'string' ? Buffer.from(text) : text);
  } catch (error) {
    if (error instanceof ValidationError) return error.issues[0];
    throw error;
  }
  return undefined;
}

describe('parseJsonBody', () => {
  it('reads what JSON can write', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        const unsafe = /(?<![\d.])\d{16,}(?!\d*[eE])/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, ''));
        fc.pre(!unsafe && !/\\u[dD][89a-fA-F]/.test(text));
        expect(parseText(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('names the offset of a syntax error', () => {
    expect(issueOf('{"a":1,}')).toMatchObject({
      type: 'json_invalid',
      loc: ['body', 7],
      msg: 'JSON decode error',
      input: {},
    });
    expect(issueOf('{"a":')).toMatchObject({ type: 'json_invalid', loc: ['body', 5] });
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(issueOf(Buffer.from([0x22, 0xff, 0x22]))?.type).toBe('json_invalid');
  });

  it('refuses every integer that a double would round, and says where it is', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 53n, max: 2n ** 128n }), fc.boolean(), (magnitude, negative) => {
        const literal = `${negative ? '-' : ''}${magnitude}`;
        const issue = issueOf(`{"x":"1","settings":{"a":[1,{"n":${literal}}]}}`);
        expect(issue).toMatchObject({
          type: 'int_parsing_size',
          loc: ['body', 'settings', 'a', 1, 'n'],
          input: literal,
        });
      }),
    );
    expect(issueOf('[1, 2, 1e400]')?.loc).toEqual(['body', 2]);
  });

  it('keeps integers up to 2^53 - 1, floats, and digits inside texts', () => {
    expect(parseText('{"a":9007199254740991,"b":-1.5e300,"c":"12345678901234567890","d\\"1":[0.1]}')).toEqual({
      a: 9007199254740991,
      b: -1.5e300,
      c: '12345678901234567890',
      'd"1': [0.1],
    });
  });

  it('refuses documents that are nested too deep to be written back', () => {
    expect(issueOf('['.repeat(101) + ']'.repeat(101))?.type).toBe('json_invalid');
    expect(parseText('['.repeat(100) + ']'.repeat(100))).toBeDefined();
  });

  it('refuses lone surrogates, which no store can keep', () => {
    expect(issueOf('{"name":"a\\ud800"}')).toMatchObject({ type: 'string_unicode', loc: ['body', 'name'] });
    expect(parseText('{"name":"\\ud83d\\ude00"}')).toEqual({ name: '😀' });
  });

  it('keeps a member named __proto__ as an ordinary member', () => {
    expect(Object.keys(parseText('{"__proto__":{"a":1}}') as object)).toEqual(['__proto__']);
  });
});
