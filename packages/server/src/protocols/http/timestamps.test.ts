import { expect, it } from 'vitest';
import { formatOptionalTimestamp, formatTimestamp, parseTimestamp } from './timestamps.js';

it('writes microseconds and an offset, and no fraction when it is zero', () => {
  expect(formatTimestamp(new Date('2026-11-23T16:08:26.932Z'))).toBe('2026-11-23T16:08:26.932000+00:00');
  expect(formatTimestamp(new Date('2026-11-23T16:08:26.005Z'))).toBe('2026-11-23T16:08:26.005000+00:00');
  expect(formatTimestamp(new Date('2026-11-23T16:08:26.000Z'))).toBe('2026-11-23T16:08:26+00:00');
  expect(formatOptionalTimestamp(null)).toBeNull();
});

it.each([
  ['2026-11-23T16:08:26.932396+00:00', '2026-11-23T16:08:26.932Z'],
  ['2026-11-23T16:08:26 00:00', '2026-11-23T16:08:26.000Z'],
  ['2026-11-23T16:08:26.5+0130', '2026-11-23T14:38:26.500Z'],
  ['2026-11-23T16:08:26-02:00', '2026-11-23T18:08:26.000Z'],
  ['2026-11-23t16:08:26z', '2026-11-23T16:08:26.000Z'],
  ['2026-11-23 16:08', '2026-11-23T16:08:00.000Z'],
  ['2026-11-23', '2026-11-23T00:00:00.000Z'],
])('reads %s', (text, expected) => {
  expect(parseTimestamp(text)?.toISOString()).toBe(expected);
});

it.each([
  '',
  'now',
  'yesterday',
  '1700000000',
  '2026-02-30',
  '2026-13-01',
  '2026-11-23T25:00:00Z',
  '2026-11-23T16:08:26+99:00',
  '2026-11-23T16:08:26.Z',
  ' 2026-11-23',
])('does not take %j for a time', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

it('reads what it writes', () => {
  const moment = new Date('2026-11-23T16:08:26.932Z');
  expect(parseTimestamp(formatTimestamp(moment))).toEqual(moment);
});
