import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../helpers/test-app.js';

let dataDir: string;
let app: TestApp;
let ownerKey: string;
let ownerKeyId: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'storage-sharing-'));
  app = await startTestApp({ dataDir });
  ownerKey = (await app.call('POST', '/projects', { id: 'p1' })).body.api_key;
  ownerKeyId = (await app.metadata.listApiKeys('p1'))[0]?.id ?? '';
  await app.call('POST', '/projects', { id: 'p2' });
  await app.call('POST', bucketsOf('p1'), { name: 'sales' });
  await app.call('POST', `${bucketsOf('p1')}/sales/tables`, {
    name: 'orders',
    columns: [{ name: 'id', type: 'INTEGER' }],
  });
});
afterEach(async () => {
  await app.stop();
  expect(app.log.unexpected()).toEqual([]);
  await rm(dataDir, { recursive: true, force: true });
});

function bucketsOf(projectId: string): string {
  return `/projects/${projectId}/branches/default/buckets`;
}

async function shareAndLink(): Promise<void> {
  const shared = await app.call('POST', `${bucketsOf('p1')}/sales/share`, { target_project_id: 'p2' });
  expect(shared.status).toBe(200);
  const source = { source_project_id: 'p1', source_bucket_name: 'sales' };
  expect((await app.call('POST', `${bucketsOf('p2')}/linked/link`, source)).status).toBe(201);
}

/** Operation, resource, who, and what more, newest first. */
async function auditOf(projectId: string, count: number) {
  const { items } = await app.metadata.listOperations({ projectId }, { limit: count, offset: 0 });
  return items.map(({ operation, resourceId, actor, details }) => [operation, resourceId, actor, details]);
}

describe('the audit of sharing', () => {
  it('has a row for each step, and tells the linking project why its link ended', async () => {
    await shareAndLink();
    expect(await auditOf('p1', 1)).toEqual([['bucket.share', 'sales', 'admin', { target_project_id: 'p2' }]]);
    const source = { source_project_id: 'p1', source_bucket_name: 'sales' };
    expect(await auditOf('p2', 1)).toEqual([['bucket.link', 'linked', 'admin', source]]);

    const path = `${bucketsOf('p1')}/sales/share?target_project_id=p2`;
    expect((await app.call('DELETE', path, undefined, { key: ownerKey })).status).toBe(204);
    expect(await auditOf('p2', 1)).toEqual([
      ['bucket.unlink', 'linked', ownerKeyId, { ...source, closed_by: 'bucket.unshare' }],
    ]);
    expect(await auditOf('p1', 1)).toEqual([
      [
        'bucket.unshare',
        'sales',
        ownerKeyId,
        {
          target_project_id: 'p2',
          was_shared: true,
          closed_links: [
            { project_id: 'p2', branch_id: 'default', bucket_name: 'linked', source_bucket_name: 'sales' },
          ],
        },
      ],
    ]);
  });

  it.each([
    ['bucket.delete', `${bucketsOf('p1')}/sales?force=true`],
    ['project.delete', '/projects/p1'],
  ])('says so too after %s', async (operation, path) => {
    await shareAndLink();
    expect((await app.call('DELETE', path)).status).toBe(204);
    expect(await auditOf('p2', 1)).toMatchObject([['bucket.unlink', 'linked', 'admin', { closed_by: operation }]]);
    expect(await auditOf('p1', 1)).toMatchObject([
      [operation, expect.anything(), 'admin', { closed_links: [{ project_id: 'p2', bucket_name: 'linked' }] }],
    ]);
  });

  it('keeps refusals', async () => {
    const source = { source_project_id: 'p1', source_bucket_name: 'missing' };
    await app.call('POST', `${bucketsOf('p2')}/linked/link`, source);
    await expect.poll(() => auditOf('p2', 1)).toEqual([['bucket.link', 'linked', 'admin', null]]);
    const { items } = await app.metadata.listOperations({ projectId: 'p2' }, { limit: 1, offset: 0 });
    expect(items[0]).toMatchObject({ outcome: 'refused', errorCode: 'bucket_not_found' });
  });
});

it('sharing operations answer a repeated request from what they kept', async () => {
  const options = { headers: { 'x-idempotency-key': 'share-once' } };
  const share = () => app.call('POST', `${bucketsOf('p1')}/sales/share`, { target_project_id: 'p2' }, options);
  const [first, second] = [await share(), await share()];
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(second.body).toEqual(first.body);
  expect(second.headers.get('x-idempotency-replay')).toBe('true');
});

it('a linked bucket has no directory, and a start removes one that is left under its name', async () => {
  await shareAndLink();
  const directory = join(dataDir, 'duckdb/project_p2/linked');
  await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  await app.stop();
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'orders.duckdb'), 'x');
  app = await startTestApp({ dataDir });
  await app.swept;
  await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await app.call('GET', `${bucketsOf('p2')}/linked/tables/orders/preview`)).status).toBe(200);
  expect((await stat(join(dataDir, 'duckdb/project_p1/sales/orders.duckdb'))).isFile()).toBe(true);
});
