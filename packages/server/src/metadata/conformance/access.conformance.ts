import { expect, it } from 'vitest';

import type { MetadataStore } from '../metadata-store.js';
import type { IdempotencyRecord } from '../records.js';
import { apiKey, at, project, START, startWithBucket } from './records.conformance.js';

function reservation(more: Partial<IdempotencyRecord> = {}): Omit<IdempotencyRecord, 'answer'> {
  const { answer: _answer, ...record } = {
    scope: 'admin',
    key: 'retry-1',
    method: 'POST',
    path: '/projects',
    bodyHash: null,
    answer: null,
    createdAt: START,
    expiresAt: at(600),
    ...more,
  };
  return record;
}

export function describeAccess(store: () => MetadataStore): void {
  const reserve = (more: Partial<IdempotencyRecord> = {}): Promise<boolean> =>
    store().transaction((tx) => tx.reserveIdempotencyKey(reservation(more)));
  const answer = { status: 201, body: '{"id":"p1"}' };

  it('finds a key by its hash', async () => {
    await startWithBucket(store());
    const key = apiKey('k1', { description: 'CI', expiresAt: at(9), revokedAt: at(8), lastUsedAt: at(1) });
    await store().transaction(async (tx) => {
      await tx.insertApiKey(key);
      await tx.insertApiKey(apiKey('k0', { createdAt: at(5) }));
    });
    expect(await store().findApiKeyByHash('hash-k1')).toEqual(key);
    expect(await store().findApiKeyByHash('hash')).toBeUndefined();
  });

  it('lists keys that are not revoked, newest first, and finds every key by its id', async () => {
    await startWithBucket(store());
    const revoked = apiKey('k2', { createdAt: at(2), revokedAt: at(9) });
    await store().transaction(async (tx) => {
      await tx.insertProject(project('p2'));
      for (const key of [apiKey('k1', { expiresAt: at(1) }), revoked, apiKey('k3', { createdAt: at(3) })])
        await tx.insertApiKey(key);
    });
    expect((await store().listApiKeys('P1')).map((item) => item.id)).toEqual(['k3', 'k1']);
    expect(await store().listApiKeys('p2')).toEqual([]);
    expect(await store().getApiKey('P1', 'k2')).toEqual(revoked);
    expect(await store().getApiKey('p2', 'k2')).toBeUndefined();
    expect(await store().isApiKeyIdUsed('k2')).toBe(true);
    expect(await store().isApiKeyIdUsed('K2')).toBe(false);
  });

  it('revokes a key once', async () => {
    await startWithBucket(store());
    await store().transaction(async (tx) => {
      await tx.insertApiKey(apiKey('k1'));
      await tx.insertApiKey(apiKey('k2'));
      await tx.revokeApiKey('k1', at(5));
      await tx.revokeApiKey('k1', at(6));
    });
    expect((await store().findApiKeyByHash('hash-k1'))?.revokedAt).toEqual(at(5));
    expect((await store().findApiKeyByHash('hash-k2'))?.revokedAt).toBeNull();
  });

  it('never moves the last use of a key backwards', async () => {
    await startWithBucket(store());
    await store().transaction((tx) => tx.insertApiKey(apiKey('k1')));
    const touch = (seconds: number): Promise<void> =>
      store().transaction((tx) =>
        tx.touchApiKeys([
          { keyId: 'k1', at: at(seconds) },
          { keyId: 'absent', at: at(seconds) },
        ]),
      );
    await touch(20);
    await touch(10);
    expect((await store().findApiKeyByHash('hash-k1'))?.lastUsedAt).toEqual(at(20));
  });

  it('reserves a key once per scope', async () => {
    expect(await reserve({ bodyHash: 'ff' })).toBe(true);
    expect(await reserve()).toBe(false);
    expect(await reserve({ scope: 'k1' })).toBe(true);
    expect(await store().getIdempotencyRecord('admin', 'retry-1', START)).toEqual({
      ...reservation({ bodyHash: 'ff' }),
      answer: null,
    });
  });

  it('gives a key to exactly one of several requests', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => reserve()));
    expect(results.filter(Boolean)).toHaveLength(1);
  });

  it('keeps the answer until the record expires', async () => {
    await reserve();
    await store().transaction((tx) => tx.completeIdempotencyKey('admin', 'retry-1', answer));
    expect((await store().getIdempotencyRecord('admin', 'retry-1', at(599)))?.answer).toEqual(answer);
    expect(await store().getIdempotencyRecord('admin', 'retry-1', at(600))).toBeUndefined();
    expect(await reserve({ createdAt: at(599), expiresAt: at(1200) })).toBe(false);
    expect(await reserve({ createdAt: at(600), expiresAt: at(1200) })).toBe(true);
    expect((await store().getIdempotencyRecord('admin', 'retry-1', at(600)))?.answer).toBeNull();
  });

  it('releases a reservation, but not an answer', async () => {
    await reserve();
    await store().transaction((tx) => tx.releaseIdempotencyKey('admin', 'retry-1'));
    expect(await reserve()).toBe(true);
    await store().transaction((tx) => tx.completeIdempotencyKey('admin', 'retry-1', answer));
    await store().transaction((tx) => tx.releaseIdempotencyKey('admin', 'retry-1'));
    expect((await store().getIdempotencyRecord('admin', 'retry-1', START))?.answer).toEqual(answer);
  });

  it('forgets an answer, but not the one that took its place', async () => {
    await reserve();
    await store().transaction((tx) => tx.completeIdempotencyKey('admin', 'retry-1', answer));
    const record = { ...reservation(), answer };
    for (const other of [
      { ...record, createdAt: at(1) },
      { ...record, answer: { status: 201, body: 'another' } },
    ]) {
      await store().transaction((tx) => tx.forgetIdempotencyAnswer(other));
      expect((await store().getIdempotencyRecord('admin', 'retry-1', START))?.answer).toEqual(answer);
    }
    await store().transaction((tx) => tx.forgetIdempotencyAnswer(record));
    expect(await store().getIdempotencyRecord('admin', 'retry-1', START)).toBeUndefined();
  });

  it('forgets the answers whose key begins in one way, of one scope', async () => {
    const keys = ['run 1 a/', 'run 1 a/b/ x', 'run 1 ab/ x', 'run 2 a/ x', 'run 1 a/ running'];
    for (const key of keys) await reserve({ key });
    await reserve({ key: 'run 1 a/ x', scope: 'k1' });
    await store().transaction(async (tx) => {
      for (const key of keys.slice(0, 4)) await tx.completeIdempotencyKey('admin', key, answer);
      await tx.completeIdempotencyKey('k1', 'run 1 a/ x', answer);
      await tx.forgetIdempotencyAnswers('admin', 'run 1 a/');
    });
    const left = await Promise.all(keys.map((key) => store().getIdempotencyRecord('admin', key, START)));
    expect(left.map((record) => record?.key)).toEqual([undefined, undefined, ...keys.slice(2)]);
    expect(await store().getIdempotencyRecord('k1', 'run 1 a/ x', START)).toBeDefined();
  });

  it('cleans up expired records, and at start those that still ran', async () => {
    await reserve({ key: 'expired', expiresAt: at(1) });
    await reserve({ key: 'running' });
    await reserve({ key: 'answered' });
    await store().transaction((tx) => tx.completeIdempotencyKey('admin', 'answered', answer));
    expect(await store().totals()).toMatchObject({ idempotencyRecords: 3 });
    expect(await store().transaction((tx) => tx.deleteExpiredIdempotencyKeys(at(1)))).toBe(1);
    expect(await store().transaction((tx) => tx.deleteRunningIdempotencyKeys())).toBe(1);
    expect(await store().getIdempotencyRecord('admin', 'answered', START)).toBeDefined();
    expect(await store().totals()).toMatchObject({ idempotencyRecords: 1 });
  });
}
