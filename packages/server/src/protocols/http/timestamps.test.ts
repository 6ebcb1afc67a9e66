import { expect, it } from 'vitest';
import { formatOptionalTimestamp, formatTimestamp } from './timestamps.js';

it('writes microseconds and an offset, and no fraction when it is zero', () => {
  expect(formatTimestamp(new Date('2026-11-23T16:08:26.932Z'))).toBe('2026-11-23T16:08:26.932000+00:00');
  expect(formatTimestamp(new Date('2026-11-23T16:08:26.005Z'))).toBe('2026-11-23T16:08:26.005000+00:00');
  expect(formatTimestamp(new Date('2026-11-23T16:08:26.000Z'))).toBe('2026-11-23T16:08:26+00:00');
  expect(formatOptionalTimestamp(null)).toBeNull();
});
