import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashApiKey } from '../auth/api-keys.js';
import { Authenticator } from '../auth/authenticator.js';
import { KeyUses } from '../auth/key-uses.js';
import { adminPrincipal } from '../auth/principal.js';
import { DomainError } from '../errors/domain-error.js';
import { apiKey } from '../metadata/conformance/records.conformance.js';
import type { ApiKeyRecord, ApiKeyScope } from '../metadata/records.js';
import { SqliteMetadataStore } from '../metadata/sqlite/sqlite-metadata-store.js';
import type { OperationName } from '../model/operations.js';
import { makeTempDir } from '../../test/helpers/temp-dir.js';
import { createTestLogger } from '../../test/helpers/test-log.js';
import { ApiKeys } from './api-keys.js';
import { Change } from './change.js';

const DAY_MS = 86_400_000;
const START = new Date('2026-11-23T12:00:00Z');

let store: SqliteMetadataStore;
let keys: ApiKeys;
let uses: KeyUses;
let authenticator: Authenticator;
let now: Date;
let cleanup: () => Promise<void>;

beforeEach(async () => {
  const directory = await makeTempDir();
  store = await SqliteMetadataStore.open(join(directory.path, 'metadata.sqlite'));
  cleanup = async () => {
    await store.close();
    await directory.remove();
  };
  now = START;
  uses = new KeyUses(store, createTestLogger().logger);
  keys = new ApiKeys(store, uses);
  authenticator = new Authenticator(store, 'the-admin-key', { now: () => now }, uses);
  await store.transaction((tx) => tx.insertProject({ id: 'p1', name: null, settings: null, createdAt: START }));
});
afterEach(() => cleanup());

function change<R>(operation: OperationName): Change<R> {
  return new Change<R>({ operation, principal: adminPrincipal, requestId: 'r', clock: { now: () => now } });
}

const create = (more: Partial<{ scope: ApiKeyScope; branchId: string; expiresInDays: number }> = {}) =>
  keys.create(change('api_key.create'), 'p1', {
    scope: 'project_admin',
    branchId: null,
    description: 'ci',
    expiresInDays: null,
    ...more,
  });
const revoke = (key: ApiKeyRecord) => keys.revoke(change('api_key.revoke'), 'p1', key.id);
const rotate = (key: ApiKeyRecord) => keys.rotate(change('api_key.rotate'), 'p1', key.id);
const isLive = async (text: string) => (await authenticator.authenticate(`Bearer ${text}`)).kind === 'known';
const insert = (key: ApiKeyRecord) => store.transaction((tx) => tx.insertApiKey(key));

describe('a key', () => {
  it('is kept by its hash, and lives until it expires or is revoked', async () => {
    const { key, text } = await create({ expiresInDays: 2 });
    expect(text).toMatch(/^proj_p1_admin_[0-9a-f]{32}$/);
    expect(key).toEqual({
      id: expect.stringMatching(/^key_[0-9a-f]{8}$/),
      projectId: 'p1',
      branchId: null,
      keyHash: hashApiKey(text),
      keyPrefix: 'proj_p1_admin_...',
      scope: 'project_admin',
      description: 'ci',
      createdAt: START,
      createdBy: 'admin',
      lastUsedAt: null,
      expiresAt: new Date(START.getTime() + 2 * DAY_MS),
      revokedAt: null,
    });
    expect(await isLive(text)).toBe(true);
    now = new Date(START.getTime() + 2 * DAY_MS - 1);
    expect(await isLive(text)).toBe(true);
    now = new Date(START.getTime() + 2 * DAY_MS);
    expect(await isLive(text)).toBe(false);
  });

  it('tells its last use at once, and still after it was written', async () => {
    const { key, text } = await create();
    expect((await keys.get('p1', key.id)).lastUsedAt).toBeNull();
    now = new Date(START.getTime() + 1000);
    await authenticator.authenticate(`Bearer ${text}`);
    expect((await keys.get('p1', key.id)).lastUsedAt).toEqual(now);
    expect((await keys.list('p1'))[0]?.lastUsedAt).toEqual(now);
    await uses.flush();
    expect(uses.lastNoted(key.id)).toBeUndefined();
    expect((await keys.get('p1', key.id)).lastUsedAt).toEqual(now);
  });

  it('is for a branch that exists', async () => {
    for (const branchId of ['8135c4c5', 'default']) {
      await expect(create({ scope: 'branch_read', branchId })).rejects.toMatchObject({
        code: 'branch_not_found',
        details: { project_id: 'p1', branch_id: branchId },
      });
    }
  });
});

describe('the last live project_admin key', () => {
  it('cannot be revoked, whatever else the project has', async () => {
    const { key } = await create();
    await create({ scope: 'project_read' });
    const expired = await create({ expiresInDays: 1 });
    now = new Date(START.getTime() + 2 * DAY_MS);
    const refusal = await revoke(key).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DomainError);
    expect(refusal).toMatchObject({
      code: 'cannot_revoke_last_admin_key',
      message: 'Cannot revoke the last active project_admin key. Create a new one first.',
      details: { project_id: 'p1', key_id: key.id, active_project_admin_keys: 1 },
    });
    await revoke(expired.key);
    await revoke(expired.key);
    expect((await keys.get('p1', expired.key.id)).revokedAt).toEqual(now);
  });

  it('is left when two are revoked at once', async () => {
    const both = [await create(), await create()];
    const outcomes = await Promise.allSettled(both.map(({ key }) => revoke(key)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await keys.list('p1')).toHaveLength(1);
  });

  it('can be rotated, by one of two who try', async () => {
    const { key, text } = await create();
    const outcomes = await Promise.allSettled([rotate(key), rotate(key)]);
    const fresh = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(fresh).toHaveLength(1);
    expect(refused).toMatchObject([{ code: 'cannot_rotate_revoked_key', details: { key_id: key.id } }]);
    expect([await isLive(text), await isLive(fresh[0]?.text ?? '')]).toEqual([false, true]);
  });
});

describe('rotation', () => {
  it('gives the same rights and the same number of days, from now', async () => {
    const { key } = await create({ scope: 'project_read', expiresInDays: 30 });
    now = new Date(START.getTime() + 20 * DAY_MS);
    const next = await rotate(key);
    expect(next.key).toMatchObject({
      scope: 'project_read',
      description: 'ci (rotated)',
      expiresAt: new Date(now.getTime() + 30 * DAY_MS),
    });
    expect((await keys.get('p1', key.id)).revokedAt).toEqual(now);
    expect((await keys.list('p1')).map(({ id }) => id)).toEqual([next.key.id]);
    expect((await store.listOperations({}, { limit: 1, offset: 0 })).items[0]).toMatchObject({
      operation: 'api_key.rotate',
      resourceId: key.id,
      details: { scope: 'project_read', new_key_id: next.key.id },
    });
  });

  it('revives an expired key, and not a key of a branch that is gone', async () => {
    const { key } = await create({ expiresInDays: 1 });
    now = new Date(START.getTime() + 5 * DAY_MS);
    expect(await isLive((await rotate(key)).text)).toBe(true);
    const orphan = apiKey('key_orphan', { scope: 'branch_admin', branchId: '8135c4c5' });
    await insert(orphan);
    await expect(rotate(orphan)).rejects.toMatchObject({ code: 'branch_not_found' });
    expect((await keys.get('p1', orphan.id)).revokedAt).toBeNull();
  });
});
