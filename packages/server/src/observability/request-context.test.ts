import { expect, it } from 'vitest';
import { requestIdFrom } from './request-context.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

it('takes over a sensible id', () => {
  expect(requestIdFrom('my-request 1')).toBe('my-request 1');
  expect(requestIdFrom('x'.repeat(128))).toBe('x'.repeat(128));
});

it.each([undefined, '', ' ', 'x'.repeat(129), 'a\tb', 'a\u0000b', 'ž'])('replaces %j', (header) => {
  expect(requestIdFrom(header)).toMatch(UUID);
});
