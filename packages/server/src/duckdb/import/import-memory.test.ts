import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EngineDatabase } from '../engine-database.js';
import { importFile } from '../jobs/import-file.js';
import { ImportFixture, shapeOf } from './import.fixture.js';

const fixture = new ImportFixture();
beforeAll(() => fixture.open('40MB'));
afterAll(() => fixture.close());

const shape = shapeOf(['id BIGINT', 'a VARCHAR', 'b VARCHAR', 'c DOUBLE'], ['a']);

/** About 80 bytes a row, keys in no order; `from` shifts them. */
async function largeCsv(rows: number, from: number): Promise<string> {
  const path = fixture.newPath('.csv');
  const file = createWriteStream(path);
  file.write('id,a,b,c\n');
  for (let start = 0; start < rows; start += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, offset) => {
      const key = (((start + offset) * 7919) % rows) + from;
      return `${start + offset},key-${key.toString(36).padStart(12, '0')}-${key},"text, ${key * 31}",${key / 7}`;
    });
    if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  return path;
}

test('a file several times the memory limit, then an upsert of half its size', { timeout: 240_000 }, async () => {
  const rows = 2_000_000;
  const first = fixture.request(shape, await largeCsv(rows, 0), await fixture.baseVersion(shape));
  const { rowCount, sizeBytes, blockSizeBytes } = await fixture.build(first);
  expect(rowCount).toBe(rows);
  const base = { path: first.stagingPath, rowCount, sizeBytes, blockSizeBytes };
  const second = fixture.request(shape, await largeCsv(rows / 2, rows * 0.75), base, { incremental: true });
  expect(await fixture.build(second)).toMatchObject({
    sourceRows: rows / 2,
    updatedRows: rows / 4,
    insertedRows: rows / 4,
    rowCount: rows * 1.25,
  });
  const path = second.stagingPath;
  const misplaced = await fixture.database.withVersion({ id: path, path }, (alias) =>
    fixture.query(`SELECT count(*)::INTEGER FROM (
      SELECT rowid AS place, split_part(a, '-', 3)::BIGINT AS key FROM ${alias}.main.data
    ) WHERE place < ${rows} AND key <> (place * 7919) % ${rows}`),
  );
  expect(misplaced).toEqual([[0]]);
});

test('cancelling in the middle of a load', async () => {
  const controller = new AbortController();
  const request = fixture.request(shape, await largeCsv(500_000, 0), await fixture.baseVersion(shape));
  const { database, tempDirectory } = fixture;
  const cancelling: EngineDatabase = {
    withConnection: (signal, use) => database.withConnection(signal, use),
    readVersion: (version, sqlOf, signal) => database.readVersion(version, sqlOf, signal),
    withVersion: (version, use) => database.withVersion(version, use),
    withStagedFile: (path, options, signal, use) =>
      database.withStagedFile(path, options, signal, (connection, alias) => {
        setImmediate(() => controller.abort());
        return use(connection, alias);
      }),
  };
  const failure = fixture.failure(
    importFile(request, { database: cancelling, signal: controller.signal, tempDirectory }),
  );
  expect((await failure).code).toBe('request_cancelled');
  expect(fixture.leftovers()).toEqual([]);
});
