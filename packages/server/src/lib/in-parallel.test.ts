import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inParallel } from './in-parallel.js';

it('works on every item, a few at a time', async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await inParallel([...Array(20).keys()], 3, async (item) => {
    most = Math.max(most, (running += 1));
    await delay(1);
    running -= 1;
    done.push(item);
  });
  expect(done.sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
  expect(most).toBe(3);
});

it('begins nothing new after a failure, and throws when what was under way has ended', async () => {
  const begun: number[] = [];
  let ended = 0;
  let finishSlow: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => (finishSlow = resolve));
  const work = inParallel([0, 1, 2, 3], 2, async (item) => {
    begun.push(item);
    if (item === 0) {
      setImmediate(finishSlow);
      throw new Error('first');
    }
    await slow;
    ended += 1;
    throw new Error('second');
  });
  await expect(work).rejects.toThrow('first');
  expect([begun, ended]).toEqual([[0, 1], 1]);
});
