import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestApp } from '../helpers/test-app.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'storage-recovery-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const buckets = '/projects/p1/branches/default/buckets';
const columns = [{ name: 'id', type: 'INTEGER' }];

async function startWithTable() {
  const app = await startTestApp({ dataDir });
  await app.call('POST', '/projects', { id: 'p1' });
  await app.call('POST', buckets, { name: 'sales' });
  await app.call('POST', `${buckets}/sales/tables`, { name: 'orders', columns });
  return app;
}

describe('a start', () => {
  it('empties staging, removes files nobody points to and repairs the live tree', async () => {
    const first = await startWithTable();
    await first.stop();
    const project = join(dataDir, 'duckdb/project_p1');
    const orphan = join(project, '_versions', `${'0'.repeat(32)}.duckdb`);
    const half = join(dataDir, 'duckdb/_staging/half.duckdb');
    const stray = join(project, 'sales/gone.duckdb');
    for (const path of [orphan, half, stray]) await writeFile(path, 'x');
    await rm(join(project, 'sales/orders.duckdb'));

    const second = await startTestApp({ dataDir });
    await second.swept;
    for (const path of [orphan, half, stray]) await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    const [version] = await readdir(join(project, '_versions'));
    const live = await stat(join(project, 'sales/orders.duckdb'));
    expect(live.ino).toBe((await stat(join(project, '_versions', version ?? ''))).ino);
    expect(live.mode & 0o777).toBe(0o444);
    expect((await second.call('GET', `${buckets}/sales/tables/orders/preview`)).status).toBe(200);
    await second.stop();
  });

  it('is refused while another server has the data directory', async () => {
    const first = await startWithTable();
    await expect(startTestApp({ dataDir })).rejects.toThrow(/in use|another/i);
    expect((await first.call('GET', `${buckets}/sales/tables/orders`)).status).toBe(200);
    await first.stop();
  });
});

describe('a deleted project', () => {
  it('takes its directory, its keys and its files with it, and keeps its id', async () => {
    const app = await startWithTable();
    const other = await app.call('POST', '/projects', { id: 'p2' });
    await app.call('POST', `${buckets}/sales/tables/orders/export`, {});
    expect((await app.call('DELETE', '/projects/p1')).status).toBe(204);
    await expect(stat(join(dataDir, 'duckdb/project_p1'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await app.call('GET', '/projects/p1')).body.status).toBe('deleted');
    expect((await app.call('POST', '/projects', { id: 'p1' })).body.detail.error).toBe('project_exists');
    expect((await app.call('GET', buckets)).body.detail.error).toBe('project_db_not_found');
    expect((await app.call('GET', '/projects/p2', undefined, { key: other.body.api_key })).status).toBe(200);
    expect((await app.call('DELETE', '/projects/p1')).status).toBe(204);
    await app.stop();
    expect(app.log.unexpected()).toEqual([]);
  });
});
