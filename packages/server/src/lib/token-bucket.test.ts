import { expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.js';

it('gives its capacity at once, and says when the next token comes', () => {
  const bucket = new TokenBucket(3, 2, 1000);
  expect([1000, 1000, 1000].map((now) => bucket.take(now))).toEqual([0, 0, 0]);
  expect(bucket.take(1000)).toBe(500);
  expect(bucket.take(1250)).toBe(250);
  expect(bucket.take(1500)).toBe(0);
  expect(bucket.take(1500)).toBe(500);
});

it('fills up to its capacity and no further, and does not mind a clock that stands', () => {
  const bucket = new TokenBucket(2, 1, 0);
  bucket.take(0);
  bucket.take(0);
  expect(bucket.isFull(1999)).toBe(false);
  expect(bucket.isFull(2000)).toBe(true);
  expect([90_000, 90_000, 89_000].map((now) => bucket.take(now))).toEqual([0, 0, 1000]);
});
