import { describe, expect, it } from 'vitest';
import { isDomainError } from '../errors/domain-error.js';
import { TableLocks } from './table-lock.js';

const orders = { tableId: 't1', projectId: 'p', bucketName: 'b', tableName: 'orders' };
const items = { ...orders, tableId: 't2', tableName: 'items' };

function gate(): { open: () => void; passed: Promise<void> } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

describe('TableLocks', () => {
  it('lets writers of one table in one at a time, in the order they came', async () => {
    const locks = new TableLocks({ maxWaiting: 10 });
    const events: string[] = [];
    const hold = gate();
    const first = locks.runExclusive(orders, undefined, async () => {
      events.push('first in');
      await hold.passed;
      events.push('first out');
    });
    const others = ['second', 'third'].map((name) =>
      locks.runExclusive(orders, undefined, async () => {
        events.push(name);
        return Promise.resolve();
      }),
    );
    hold.open();
    await Promise.all([first, ...others]);
    expect(events).toEqual(['first in', 'first out', 'second', 'third']);
  });

  it('lets writers of different tables in side by side', async () => {
    const locks = new TableLocks({ maxWaiting: 10 });
    const hold = gate();
    const first = locks.runExclusive(orders, undefined, () => hold.passed);
    await locks.runExclusive(items, undefined, () => Promise.resolve());
    hold.open();
    await first;
  });

  it('refuses a writer when too many wait, and says when to come back', async () => {
    const locks = new TableLocks({ maxWaiting: 1 });
    const hold = gate();
    const running = locks.runExclusive(orders, undefined, () => hold.passed);
    const waiting = locks.runExclusive(orders, undefined, () => Promise.resolve());
    const refused = await locks.runExclusive(orders, undefined, () => Promise.resolve()).catch((e: unknown) => e);
    expect(isDomainError(refused, 'table_busy') && refused.retryAfterSeconds).toBeGreaterThan(0);
    hold.open();
    await Promise.all([running, waiting]);
  });

  it('drops a waiting writer whose client leaves, and goes on with the next', async () => {
    const locks = new TableLocks({ maxWaiting: 10 });
    const hold = gate();
    const running = locks.runExclusive(orders, undefined, () => hold.passed);
    const client = new AbortController();
    const left = locks.runExclusive(orders, client.signal, () => Promise.resolve('ran')).catch((e: unknown) => e);
    const next = locks.runExclusive(orders, undefined, () => Promise.resolve('next'));
    client.abort();
    expect(isDomainError(await left, 'request_cancelled')).toBe(true);
    hold.open();
    await running;
    expect(await next).toBe('next');
  });

  it('frees the table when a writer fails', async () => {
    const locks = new TableLocks({ maxWaiting: 0 });
    await expect(locks.runExclusive(orders, undefined, () => Promise.reject(new Error('disk')))).rejects.toThrow(
      'disk',
    );
    expect(await locks.runExclusive(orders, undefined, () => Promise.resolve('free'))).toBe('free');
  });
});
