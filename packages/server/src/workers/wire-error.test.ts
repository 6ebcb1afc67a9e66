import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ERROR_CATALOGUE, type ErrorCode } from '../errors/catalogue.js';
import { DomainError } from '../errors/domain-error.js';
import { fromWireError, toWireError } from './wire-error.js';

const codes = fc.constantFrom(...(Object.keys(ERROR_CATALOGUE) as ErrorCode[]));

test('a DomainError is the same on the other side of the channel', () => {
  fc.assert(
    fc.property(
      codes,
      fc.string(),
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.option(fc.string(), { nil: undefined }),
      (code, message, details, cause) => {
        const sent = toWireError(new DomainError(code, message, details, cause === undefined ? {} : { cause }));
        const received = fromWireError(deserialize(serialize(sent)) as typeof sent);
        expect(received).toBeInstanceOf(DomainError);
        expect([received.code, received.message]).toEqual([code, message]);
        expect(received.details).toEqual(details);
        expect(received.cause).toEqual(cause === undefined ? undefined : new Error(cause));
      },
    ),
  );
});

test('what is thrown by mistake tells the log everything and the caller nothing', () => {
  for (const thrown of [new TypeError('secret path'), 'secret path', { secret: 1 }, null, undefined]) {
    const received = fromWireError(toWireError(thrown));
    expect(received.code).toBe('internal_server_error');
    expect(received.message).not.toContain('secret');
    expect(received.details).toEqual({});
    expect(received.cause).toBeInstanceOf(Error);
  }
});

test('a huge cause is cut', () => {
  expect(toWireError(new DomainError('storage_error', 'x', {}, { cause: 'y'.repeat(1e6) })).cause?.length).toBe(4_001);
});
