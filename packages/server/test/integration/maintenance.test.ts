import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeFileSystem } from '../../src/lib/node-file-system.js';
import { FaultyFileSystem } from '../helpers/faulty-file-system.js';
import { startTestApp, uploadFile, type TestApp } from '../helpers/test-app.js';

const DAY_MS = 86_400_000;
const JOBS = [
  'expire_snapshots',
  'expire_uploads',
  'expire_idempotency_keys',
  'expire_audit_entries',
  'collect_versions',
  'collect_orphaned_files',
];
const BUCKETS = '/projects/p1/branches/default/buckets';
const TABLE = `${BUCKETS}/b/tables/t`;
const SNAPSHOTS = '/projects/p1/branches/default/snapshots';

/** Starts at a whole day, and moves only when a test says so. */
const clock = {
  ms: Date.parse('2026-11-23T00:00:00Z'),
  now: () => new Date(clock.ms),
  advance: (days: number) => (clock.ms += days * DAY_MS),
};
const faulty = new FaultyFileSystem(new NodeFileSystem());
let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({
    env: { VERSION_RETENTION_DAYS: '7', UPLOAD_LIFETIME_HOURS: '24', MAINTENANCE_INTERVAL_SECONDS: '86400' },
    overrides: { clock, fileSystem: faulty },
  });
  await app.swept;
  await app.call('POST', '/projects', { id: 'p1' });
  await app.call('POST', BUCKETS, { name: 'b' });
  await app.call('POST', `${BUCKETS}/b/tables`, { name: 't', columns: [{ name: 'id', type: 'INTEGER' }] });
});
afterAll(async () => {
  await app.stop();
  expect(app.log.unexpected(/a maintenance job failed/)).toEqual([]);
});

async function load(rows: number): Promise<void> {
  const text = `id\n${Array.from({ length: rows }, (_, id) => id).join('\n')}\n`;
  const fileId = await uploadFile(app, 'p1', 'rows.csv', text);
  expect((await app.call('POST', `${TABLE}/import/file`, { file_id: fileId })).status).toBe(200);
}

async function figure(name: string): Promise<number> {
  const { body } = await app.call('GET', '/metrics');
  const line = (body as string).split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

const of = (metric: string, job: string, more = ''): string => `duckdb_maintenance_${metric}{task="${job}"${more}}`;
const versionFiles = () => readdir(join(app.dataDir, 'duckdb/project_p1/_versions'));

describe('background jobs', () => {
  it('remove snapshots when their time is over, not before, and the versions only they held', async () => {
    await app.call('PUT', `${TABLE}/settings/snapshots`, { retention: { manual_days: 20 } });
    await load(1);
    const short = (await app.call('POST', SNAPSHOTS, { bucket: 'b', table: 't' })).body;
    await app.call('PUT', `${TABLE}/settings/snapshots`, { retention: { manual_days: 40 } });
    const long = (await app.call('POST', SNAPSHOTS, { bucket: 'b', table: 't' })).body;
    await load(2);
    expect(short.id).not.toBe(long.id);
    clock.advance(20);
    clock.ms -= 1;
    await app.runMaintenance();
    expect((await app.call('GET', SNAPSHOTS)).body.total).toBe(2);
    expect((await app.call('GET', `${TABLE}/versions`)).body.total).toBe(1);

    clock.ms += 1;
    await app.runMaintenance();
    const left = (await app.call('GET', SNAPSHOTS)).body;
    expect([left.total, left.snapshots[0].id]).toEqual([1, long.id]);
    expect((await app.call('POST', `${SNAPSHOTS}/${short.id}/restore`, {})).body.detail.error).toBe(
      'snapshot_not_found',
    );
    expect(await figure('duckdb_snapshots_expired_total')).toBe(1);
    expect(await figure(of('removed_items_total', 'expire_snapshots'))).toBe(1);
    // The version is still held by the other one.
    expect(await versionFiles()).toHaveLength(2);

    const { items } = await app.metadata.listOperations({ projectId: 'p1' }, { limit: 1, offset: 0 });
    expect(items[0]).toMatchObject({
      operation: 'snapshot.delete',
      resourceId: short.id,
      actor: 'system',
      details: { table: 'b.t', type: 'manual', reason: 'expired' },
    });

    clock.advance(20);
    await app.runMaintenance();
    expect((await app.call('GET', SNAPSHOTS)).body.total).toBe(0);
    expect(await versionFiles()).toHaveLength(1);
  });

  it('let go of versions by age, exactly when the list of versions no longer shows them', async () => {
    await load(3);
    clock.advance(3);
    await load(4);
    clock.advance(3);
    await load(5);
    const total = async (): Promise<number> => (await app.call('GET', `${TABLE}/versions`)).body.total;
    const { versions } = (await app.call('GET', `${TABLE}/versions`)).body;
    expect(versions.map((version: { row_count: number }) => version.row_count)).toEqual([5, 4, 3, 2]);
    expect(versions[3].expires_at).toBe('2027-01-09T00:00:00+00:00');
    clock.ms = Date.parse(versions[3].expires_at);
    await app.runMaintenance();
    expect([await total(), (await versionFiles()).length]).toEqual([4, 4]);
    clock.ms += 1;
    expect([await total(), (await versionFiles()).length]).toEqual([3, 4]);
    const gone = await app.call('GET', `${TABLE}/preview?version=${versions[3].id}`);
    expect(gone.body.detail).toMatchObject({ error: 'version_not_found', details: { version_id: versions[3].id } });
    await app.runMaintenance();
    expect([await total(), (await versionFiles()).length]).toEqual([3, 3]);
    expect(await figure(of('removed_items_total', 'collect_versions'))).toBeGreaterThanOrEqual(3);
  });

  it('end upload sessions, and forget kept answers', async () => {
    const prepared = (await app.call('POST', '/projects/p1/files/prepare', { filename: 'a.csv' })).body;
    const key = { headers: { 'x-idempotency-key': 'once' } };
    const first = await app.call('POST', SNAPSHOTS, { bucket: 'b', table: 't' }, key);
    const before = [
      await figure(of('removed_items_total', 'expire_uploads')),
      await figure(of('removed_items_total', 'expire_idempotency_keys')),
    ];
    clock.advance(2);
    await app.runMaintenance();
    expect(await app.metadata.getUpload(prepared.upload_key)).toBeUndefined();
    const second = await app.call('POST', SNAPSHOTS, { bucket: 'b', table: 't' }, key);
    expect(second.body.id).not.toBe(first.body.id);
    expect([
      await figure(of('removed_items_total', 'expire_uploads')),
      await figure(of('removed_items_total', 'expire_idempotency_keys')),
    ]).toEqual([(before[0] ?? 0) + 1, (before[1] ?? 0) + 1]);
  });

  it('find nothing to do when they run again', async () => {
    await app.runMaintenance();
    const removed = await Promise.all(JOBS.map((job) => figure(of('removed_items_total', job))));
    await app.runMaintenance();
    expect(await Promise.all(JOBS.map((job) => figure(of('removed_items_total', job))))).toEqual(removed);
  });

  it('do not stop each other, and say when each succeeded last', async () => {
    const runs = (job: string, status: string) => figure(of('runs_total', job, `,status="${status}"`));
    const before = await Promise.all(JOBS.map((job) => runs(job, 'success')));
    clock.advance(1);
    await app.runMaintenance();
    const successAt = clock.ms / 1000;
    for (const job of JOBS) {
      expect(await figure(of('last_success_timestamp_seconds', job)), job).toBe(Math.floor(successAt));
      expect(await figure(of('duration_seconds_count', job)), job).toBeGreaterThan(0);
    }
    expect(await Promise.all(JOBS.map((job) => runs(job, 'success')))).toEqual(before.map((count) => count + 1));

    // Something to collect, and a disk that refuses to remove it.
    await load(6);
    // Takes the place of the collection that the import has scheduled, which would meet the fault as well.
    await app.runMaintenance();
    clock.advance(8);
    faulty.arm({ call: 1, errno: 'EIO', when: 'before' });
    await app.runMaintenance();
    faulty.disarm();
    const failed = await Promise.all(JOBS.map((job) => runs(job, 'failed')));
    expect(failed.filter((count) => count === 1)).toHaveLength(1);
    const job = JOBS[failed.indexOf(1)] ?? '';
    expect(await figure(of('last_success_timestamp_seconds', job))).toBe(Math.floor(successAt));
    const others = JOBS.filter((each) => each !== job);
    for (const other of others) {
      expect(await figure(of('last_success_timestamp_seconds', other))).toBe(Math.floor(clock.ms / 1000));
    }
    await app.runMaintenance();
    expect(await figure(of('last_success_timestamp_seconds', job))).toBe(Math.floor(clock.ms / 1000));
  });
});
