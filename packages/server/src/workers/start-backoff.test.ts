import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StartBackoff } from './start-backoff.js';

test('pauses double up to half a minute, five failures in a row are hopeless, one success forgets them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), (failures) => {
      const backoff = new StartBackoff(() => 1_000);
      expect([backoff.pauseMs, backoff.hopeless]).toEqual([0, false]);
      for (let count = 0; count < failures; count += 1) backoff.recordFailure();
      expect(backoff.pauseMs).toBe(Math.min(30_000, 100 * 2 ** (failures - 1)));
      expect(backoff.hopeless).toBe(failures >= 5);
      backoff.recordSuccess();
      expect([backoff.pauseMs, backoff.hopeless]).toEqual([0, false]);
    }),
  );
});
