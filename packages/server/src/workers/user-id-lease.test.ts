import { expect, test } from 'vitest';
import { UserIdLease } from './user-id-lease.js';

test('one has it, until it is given back', async () => {
  const id = 1_900_000_000 + process.pid;
  const first = await UserIdLease.take(id);
  expect(first?.id).toBe(id);
  expect(await UserIdLease.take(id)).toBeUndefined();
  const other = await UserIdLease.take(id + 1_000_000);
  expect(other).toBeDefined();
  await first?.release();
  const second = await UserIdLease.take(id);
  expect(second).toBeDefined();
  await Promise.all([second?.release(), other?.release()]);
});
