import { create, fromJson, toBinary, type DescField, type DescMessage, type Message } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { driverRegistry } from '../commands.js';
import { encodeMessage } from './encode-message.js';

const messages = [...driverRegistry].filter(
  (one): one is DescMessage => one.kind === 'message' && one.typeName.startsWith('keboola.'),
);

const text = fc.oneof(
  fc.constant(''),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(31, 32, 33, 127, 128, 16_383, 16_384).map((length) => 'x'.repeat(length)),
);
const integer = fc.oneof(fc.constantFrom(0, 1, 127, 128, 2 ** 31 - 1, -1, -(2 ** 31)), fc.nat(20_000));
const bigInteger = fc.oneof(
  fc.constantFrom(0n, 127n, 128n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

/** What `google.protobuf.Value` can hold beside texts and nothing; no command answers it. */
const NEVER_SENT = ['google.protobuf.Struct', 'google.protobuf.ListValue'];

/** Any message of a kind, to a depth: below it messages are left out. */
function anyOf(schema: DescMessage, depth: number): fc.Arbitrary<Message> {
  const plain = schema.fields.filter(({ oneof }) => oneof === undefined);
  const members = plain.flatMap((field) => {
    const value = fieldValue(field, depth);
    return value === undefined ? [] : [[field.localName, fc.option(value, { nil: undefined })] as const];
  });
  const choices = schema.oneofs.map((oneof) => {
    const cases = oneof.fields.flatMap((field) => {
      const value = fieldValue(field, depth);
      return value === undefined ? [] : [value.map((given) => ({ case: field.localName, value: given }))];
    });
    return [oneof.localName, fc.oneof(fc.constant({ case: undefined }), ...cases)] as const;
  });
  return fc.record(Object.fromEntries([...members, ...choices])).map((fields) => create(schema, fields as never));
}

function fieldValue(field: DescField, depth: number): fc.Arbitrary<unknown> | undefined {
  if (field.fieldKind === 'map') return fc.dictionary(text, text, { maxKeys: 3 });
  const one = singleValue(field, depth);
  return one !== undefined && field.fieldKind === 'list' ? fc.array(one, { maxLength: 3 }) : one;
}

function singleValue({ message, enum: choice, scalar }: DescField, depth: number): fc.Arbitrary<unknown> | undefined {
  if (message !== undefined) {
    return depth === 0 || NEVER_SENT.includes(message.typeName) ? undefined : anyOf(message, depth - 1);
  }
  if (choice !== undefined) return fc.constantFrom(...choice.values.map(({ number }) => number));
  if (scalar === 8) return fc.boolean();
  if (scalar === 9) return text;
  if (scalar === 12) return fc.uint8Array({ maxLength: 200 });
  if (scalar === 1) return fc.double();
  if (scalar === 5) return integer;
  if (scalar === 13) return integer.map(Math.abs);
  return bigInteger;
}

describe('encoding a message', () => {
  it.each(messages.map((schema) => [schema.typeName.replace('keboola.storageDriver.', ''), schema] as const))(
    '%s: the bytes of the library',
    (_name, schema) => {
      fc.assert(
        fc.property(anyOf(schema, 3), (message) => {
          expect(encodeMessage(schema, message).equals(toBinary(schema, message))).toBe(true);
        }),
        { numRuns: 25 },
      );
    },
  );

  it('refuses what the protocol does not have, instead of leaving it out', () => {
    const value = fromJson(ValueSchema, { nested: 'object' });
    expect(() => encodeMessage(ValueSchema, value)).toThrow('does not write');
  });
});
