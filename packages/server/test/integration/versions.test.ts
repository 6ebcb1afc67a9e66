import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, uploadFile, type TestApp } from '../helpers/test-app.js';

let app: TestApp;
const table = '/projects/p1/branches/default/buckets/b/tables/t';
const versions = () => readdir(join(app.dataDir, 'duckdb/project_p1/_versions'));

beforeAll(async () => {
  app = await startTestApp({ env: { VERSION_RETENTION_COUNT: '2' } });
  await app.call('POST', '/projects', { id: 'p1' });
  await app.call('POST', '/projects/p1/branches/default/buckets', { name: 'b' });
  await app.call('POST', '/projects/p1/branches/default/buckets/b/tables', {
    name: 't',
    columns: [
      { name: 'id', type: 'INTEGER' },
      { name: 'mark', type: 'VARCHAR' },
    ],
    primary_key: ['id'],
  });
});
afterAll(async () => {
  await app.stop();
  expect(app.log.unexpected()).toEqual([]);
});

function rowsMarked(mark: string, count: number): string {
  return `id,mark\n${Array.from({ length: count }, (_, id) => `${id},${mark}`).join('\n')}\n`;
}

async function load(mark: string, count = 1000, options: object = {}) {
  const fileId = await uploadFile(app, 'p1', 'rows.csv', rowsMarked(mark, count));
  return app.call('POST', `${table}/import/file`, { file_id: fileId, import_options: options });
}

describe('versions of a table', () => {
  it('leave nothing behind but the current one and its history', async () => {
    for (const mark of ['a', 'b', 'c']) expect((await load(mark)).status).toBe(200);
    await app.runMaintenance();
    const files = (await versions()).sort();
    expect(files).toHaveLength(3);
    const live = await stat(join(app.dataDir, 'duckdb/project_p1/b/t.duckdb'));
    const current = await stat(join(app.dataDir, 'duckdb/project_p1/_versions', files.at(-1) ?? ''));
    expect(live.ino).toBe(current.ino);
    expect((await app.call('GET', table)).body).toMatchObject({ row_count: 1000, size_bytes: current.size });
  });

  it('are seen whole by every reader, while writers replace them and old ones are collected', async () => {
    let writing = true;
    const seen = new Set<string>();
    const readers = Array.from({ length: 4 }, async () => {
      while (writing) {
        const { status, body } = await app.call('GET', `${table}/preview?limit=1000`);
        expect(status).toBe(200);
        const marks = new Set((body.rows as { mark: string }[]).map((row) => row.mark));
        expect(marks.size).toBe(1);
        expect(body.rows).toHaveLength(1000);
        for (const mark of marks) seen.add(mark);
      }
    });
    for (let round = 0; round < 8; round += 1) {
      expect((await load(`m${round}`, 1000, { incremental: round % 2 === 1 })).status).toBe(200);
      await app.runMaintenance();
    }
    writing = false;
    await Promise.all(readers);
    expect(seen.size).toBeGreaterThan(1);
    await app.runMaintenance();
    expect(await versions()).toHaveLength(3);
  });

  it('do not change when an import is refused', async () => {
    const before = await app.call('GET', table);
    const files = await versions();
    const fileId = await uploadFile(app, 'p1', 'bad.csv', 'id,mark\n1,x\nnot a number,y\n');
    const refused = await app.call('POST', `${table}/import/file`, { file_id: fileId });
    expect(refused.status).toBe(400);
    expect(refused.body.detail).toMatchObject({ error: 'import_failed', details: { line: 3, column: 'id' } });
    expect((await app.call('GET', table)).body).toEqual(before.body);
    expect(await versions()).toEqual(files);
    expect(await readdir(join(app.dataDir, 'duckdb/_staging'))).toEqual(['workers']);
  });
});
