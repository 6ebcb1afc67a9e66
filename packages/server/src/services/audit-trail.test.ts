import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { operation } from '../metadata/conformance/records.conformance.js';
import { SqliteMetadataStore } from '../metadata/sqlite/sqlite-metadata-store.js';
import { makeTempDir } from '../../test/helpers/temp-dir.js';
import { createTestLogger } from '../../test/helpers/test-log.js';
import { AuditLog } from './audit-log.js';
import { AuditTrail } from './audit-trail.js';

const DAY_MS = 86_400_000;
const START = new Date('2026-01-01T00:00:00Z');
const ALL = { limit: 10, offset: 0 };

let store: SqliteMetadataStore;
let log: AuditLog;
let now: Date;
let cleanup: () => Promise<void>;

beforeEach(async () => {
  const directory = await makeTempDir();
  store = await SqliteMetadataStore.open(join(directory.path, 'metadata.sqlite'));
  cleanup = async () => {
    await store.close();
    await directory.remove();
  };
  log = new AuditLog(store, createTestLogger().logger);
  now = START;
});
afterEach(() => cleanup());

const trail = (retentionDays: number) => new AuditTrail(store, log, { now: () => now }, retentionDays);
const logged = (...days: number[]) =>
  store.transaction((tx) =>
    tx.logOperations(
      days.map((day) => operation(`day${day}`, { timestamp: new Date(START.getTime() + day * DAY_MS) })),
    ),
  );

it('shows what was refused just now', async () => {
  log.record(operation('r1', { outcome: 'refused' }));
  expect((await trail(1).list({}, ALL)).items.map(({ requestId }) => requestId)).toEqual(['r1']);
});

it('knows the audit of a deleted project, and no project that never was', async () => {
  await store.transaction(async (tx) => {
    await tx.insertProject({ id: 'p1', name: null, settings: null, createdAt: START });
    await tx.deleteProject('p1', START);
  });
  await logged(0);
  expect(await trail(1).listOfProject('P1', {}, ALL)).toMatchObject({ total: 1 });
  await expect(trail(1).listOfProject('p2', {}, ALL)).rejects.toMatchObject({
    code: 'project_not_found',
    details: { project_id: 'p2' },
  });
});

it('forgets what is older than its days, and nothing with 0', async () => {
  await logged(0, 1, 2);
  now = new Date(START.getTime() + 31 * DAY_MS);
  await trail(0).forgetOld();
  expect((await store.listOperations({}, ALL)).total).toBe(3);
  await trail(30).forgetOld();
  await trail(30).forgetOld();
  expect((await store.listOperations({}, ALL)).items.map(({ requestId }) => requestId)).toEqual(['day2', 'day1']);
});

it('forgets so much in a round, and the rest in the next', async () => {
  await logged(...Array.from({ length: 21_000 }, () => 0));
  now = new Date(START.getTime() + 31 * DAY_MS);
  expect(await trail(30).forgetOld()).toBe(20_000);
  expect((await store.listOperations({}, ALL)).total).toBe(1000);
  expect(await trail(30).forgetOld()).toBe(1000);
  expect((await store.listOperations({}, ALL)).total).toBe(0);
});
