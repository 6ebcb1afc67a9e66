import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { coerce } from './coerce.js';
import type { JsonSchema } from './json-schema.js';

const none = (): undefined => undefined;
const integer = Type.Integer() as JsonSchema;
const boolean = Type.Boolean() as JsonSchema;
const text = Type.String() as JsonSchema;

describe('coerce', () => {
  it.each([
    ['12', 12],
    [' -3 ', -3],
    ['1.0', 1],
    ['1.5', '1.5'],
    ['', ''],
    ['9007199254740993', '9007199254740993'],
    ['0x10', '0x10'],
    [1.5, 1.5],
    [true, true],
  ])('%j for an integer', (given, expected) => {
    expect(coerce(integer, given, none)).toBe(expected);
  });

  it.each([
    ['no', false],
    ['OFF', false],
    ['0', false],
    [0, false],
    ['yes', true],
    ['On', true],
    ['1', true],
    [1, true],
    ['maybe', 'maybe'],
    [2, 2],
    ['', ''],
  ])('%j for a boolean', (given, expected) => {
    expect(coerce(boolean, given, none)).toBe(expected);
  });

  it('never turns anything into a text', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => coerce(text, value, none) === value));
  });

  it('reaches into nullable members, lists and shared schemas, and leaves its input alone', () => {
    const shared: JsonSchema = { type: 'object', properties: { n: integer } };
    const schema: JsonSchema = {
      type: 'object',
      properties: {
        list: { type: 'array', items: boolean },
        options: { anyOf: [{ $ref: 'Shared#' }, { type: 'null' }] },
        none: { anyOf: [integer, { type: 'null' }] },
      },
    };
    const given = { list: ['no', 'x'], options: { n: '5', other: '6' }, none: null, extra: '7' };
    const before = structuredClone(given);
    expect(coerce(schema, given, (id) => (id === 'Shared' ? shared : undefined))).toEqual({
      list: [false, 'x'],
      options: { n: 5, other: '6' },
      none: null,
      extra: '7',
    });
    expect(given).toEqual(before);
  });

  it('keeps a member named __proto__ as an ordinary member', () => {
    const given = JSON.parse('{"__proto__":{"n":"1"}}') as object;
    const coerced = coerce({ type: 'object', properties: { n: integer } }, given, none) as object;
    expect(Object.keys(coerced)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(coerced)).toBe(Object.prototype);
  });
});
