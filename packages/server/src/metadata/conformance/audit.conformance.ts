import { expect, it } from 'vitest';

import type { MetadataStore, OperationFilter } from '../metadata-store.js';
import type { OperationLogEntry } from '../records.js';
import { at, operation } from './records.conformance.js';

const ALL = { limit: 100, offset: 0 };

export function describeAudit(store: () => MetadataStore): void {
  const log = (...entries: OperationLogEntry[]): Promise<void> =>
    store().transaction((tx) => tx.logOperations(entries));
  const found = async (filter: OperationFilter, page = ALL): Promise<string[]> =>
    (await store().listOperations(filter, page)).items.map(({ requestId }) => requestId);

  it('keeps entries as given, newest first', async () => {
    const refused = operation('r3', {
      projectId: null,
      resourceId: null,
      actor: null,
      outcome: 'refused',
      errorCode: 'forbidden',
      errorMessage: 'No.',
      details: null,
    });
    await log(operation('r1'), operation('r2', { projectId: 'p2' }));
    await log();
    await log(refused);
    expect(await store().listOperations({}, ALL)).toEqual({
      items: [refused, operation('r2', { projectId: 'p2' }), operation('r1')],
      total: 3,
      totalIsExact: true,
    });
    expect(await store().listOperations({}, { limit: 1, offset: 1 })).toMatchObject({
      items: [{ requestId: 'r2' }],
      total: 3,
    });
    expect(await store().listOperations({}, { limit: 1, offset: 9 })).toMatchObject({ items: [], total: 3 });
  });

  it('puts what happened later first, whenever it was written', async () => {
    await log(operation('late', { timestamp: at(5) }), operation('early', { timestamp: at(1) }));
    await log(operation('between', { timestamp: at(3) }));
    expect(await found({})).toEqual(['late', 'between', 'early']);
  });

  it('finds entries by each filter, and by several together', async () => {
    await log(
      operation('r1', { projectId: 'P1', timestamp: at(1), actor: 'key_1' }),
      operation('r2', { operation: 'bucket.create', resourceId: 'in_c_sales', timestamp: at(2) }),
      operation('r3', { outcome: 'refused', errorCode: 'table_exists', timestamp: at(3) }),
      operation('r4', { projectId: 'p2', outcome: 'failed', errorCode: 'storage_error', timestamp: at(4) }),
    );
    expect(await found({ projectId: 'p1' })).toEqual(['r3', 'r2', 'r1']);
    expect(await found({ operation: 'bucket.create' })).toEqual(['r2']);
    expect(await found({ resourceType: 'table' })).toEqual(['r4', 'r3', 'r1']);
    expect(await found({ resourceId: 'IN_C_SALES.Orders' })).toEqual(['r4', 'r3', 'r1']);
    expect(await found({ actor: 'key_1' })).toEqual(['r1']);
    expect(await found({ actor: 'KEY_1' })).toEqual([]);
    expect(await found({ outcome: 'refused' })).toEqual(['r3']);
    expect(await found({ errorCode: 'storage_error' })).toEqual(['r4']);
    expect(await found({ requestId: 'r2' })).toEqual(['r2']);
    expect(await found({ since: at(2) })).toEqual(['r4', 'r3', 'r2']);
    expect(await found({ until: at(2) })).toEqual(['r1']);
    expect(await found({ since: at(2), until: at(4) })).toEqual(['r3', 'r2']);
    expect(await found({ projectId: 'p1', resourceType: 'table', outcome: 'success' })).toEqual(['r1']);
    expect(await found({ projectId: 'p2', errorCode: 'table_exists' })).toEqual([]);
    expect(await store().listOperations({ projectId: 'p1', outcome: 'success' }, { limit: 1, offset: 1 })).toEqual({
      items: [operation('r1', { projectId: 'P1', timestamp: at(1), actor: 'key_1' })],
      total: 2,
      totalIsExact: true,
    });
  });

  it('walks over more entries than it reads at a time, each once, many of one moment', async () => {
    const entries = Array.from({ length: 5000 }, (_, index) =>
      operation(`r${index}`, { timestamp: at(Math.floor(index / 3000)), actor: index % 100 === 0 ? 'key_1' : 'admin' }),
    );
    await log(...entries);
    const rare = await store().listOperations({ projectId: 'p1', outcome: 'success', actor: 'key_1' }, ALL);
    expect(rare.items.map(({ requestId }) => requestId)).toEqual(
      Array.from({ length: 50 }, (_, index) => `r${4900 - index * 100}`),
    );
    expect([rare.total, rare.totalIsExact]).toEqual([50, true]);
    const deep = await store().listOperations({ resourceType: 'table' }, { limit: 600, offset: 4000 });
    expect(deep.items.map(({ requestId }) => requestId)).toEqual(
      Array.from({ length: 600 }, (_, index) => `r${999 - index}`),
    );
    expect([deep.total, deep.totalIsExact]).toEqual([5000, true]);
  });

  it('says so when it did not count to the end', async () => {
    await log(...Array.from({ length: 12_500 }, (_, index) => operation(`r${index}`)));
    const first = await store().listOperations({}, { limit: 1, offset: 0 });
    expect(first.totalIsExact).toBe(false);
    expect(first.total).toBeGreaterThanOrEqual(10_000);
    expect(first.total).toBeLessThan(12_500);
    const last = await store().listOperations({}, { limit: 10, offset: 12_495 });
    expect(last.items.map(({ requestId }) => requestId)).toEqual(['r4', 'r3', 'r2', 'r1', 'r0']);
    expect([last.total, last.totalIsExact]).toEqual([12_500, true]);
  });

  it('forgets the oldest, a few at a time', async () => {
    await log(...[3, 1, 2, 4].map((seconds) => operation(`r${seconds}`, { timestamp: at(seconds) })));
    const forget = (limit: number): Promise<number> =>
      store().transaction((tx) => tx.deleteOperationsBefore(at(4), limit));
    expect(await forget(2)).toBe(2);
    expect(await found({})).toEqual(['r4', 'r3']);
    expect([await forget(2), await forget(2)]).toEqual([1, 0]);
    expect(await found({})).toEqual(['r4']);
  });
}
