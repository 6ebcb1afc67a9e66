import { expect, it } from 'vitest';

import type { MetadataStore } from '../metadata-store.js';
import { bucket, project, startWithBucket, table } from './records.conformance.js';

export function describeTransactions(store: () => MetadataStore): void {
  it('returns what the work returns, and has kept it', async () => {
    const result = await store().transaction(async (tx) => {
      await tx.insertProject(project('p1'));
      return 42;
    });
    expect(result).toBe(42);
    expect(await store().getProject('p1')).toBeDefined();
  });

  it('keeps nothing of work that throws', async () => {
    const { bucketId } = await startWithBucket(store());
    const failure = new Error('the caller changed its mind');
    const work = store().transaction(async (tx) => {
      await tx.insertTable(table(bucketId, 'orders'));
      await tx.insertBucket(bucket('p1', 'other'));
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await store().getTableById('table-orders')).toBeUndefined();
    expect(await store().getVersion('orders-1')).toBeUndefined();
    expect(await store().getProject('p1')).toMatchObject({ bucketCount: 1, tableCount: 0, sizeBytes: 0 });
  });

  it('sees its own writes inside, while readers see the state before', async () => {
    await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertBucket(bucket('p1', 'fresh'));
      expect(await tx.getBucket('p1', 'fresh')).toBeDefined();
      expect(await store().getBucket('p1', 'fresh')).toBeUndefined();
      expect((await store().listBuckets('p1')).total).toBe(1);
    });
    expect(await store().getBucket('p1', 'fresh')).toBeDefined();
  });

  it('runs transactions one after another, in the order they were asked for', async () => {
    await store().transaction((tx) => tx.insertProject(project('p1')));
    const order: string[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        store().transaction(async (tx) => {
          order.push(`begin ${index}`);
          const { total } = await tx.listBuckets('p1');
          expect(total).toBe(index);
          await tx.insertBucket(bucket('p1', `b${index}`));
          order.push(`end ${index}`);
        }),
      ),
    );
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => [`begin ${index}`, `end ${index}`]).flat());
    expect(await store().getProject('p1')).toMatchObject({ bucketCount: 20 });
  });

  it('goes on after a transaction that failed', async () => {
    const outcomes = await Promise.allSettled([
      store().transaction((tx) => tx.insertProject(project('p1'))),
      store().transaction((tx) => tx.insertProject(project('P1'))),
      store().transaction((tx) => tx.insertProject(project('p2'))),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('refuses a transaction inside a transaction instead of waiting for ever', async () => {
    const nested = store().transaction(() => store().transaction((tx) => tx.insertProject(project('p1'))));
    await expect(nested).rejects.toThrow('inside a transaction');
    await store().transaction((tx) => tx.insertProject(project('p1')));
  });

  it('refuses the handle of a transaction that has ended', async () => {
    const ended = await store().transaction((tx) => Promise.resolve({ tx }));
    await expect(ended.tx.insertProject(project('p1'))).rejects.toThrow();
    expect(await store().getProject('p1')).toBeUndefined();
  });

  it('answers a ping', async () => {
    await store().ping();
  });

  it('refuses work after it was closed', async () => {
    const last = store().transaction((tx) => tx.insertProject(project('p1')));
    await store().close();
    await last;
    await expect(store().getProject('p1')).rejects.toMatchObject({ code: 'shutting_down' });
    const late = store().transaction((tx) => tx.insertProject(project('p2')));
    await expect(late).rejects.toMatchObject({ code: 'shutting_down' });
    await store().close();
  });
}
