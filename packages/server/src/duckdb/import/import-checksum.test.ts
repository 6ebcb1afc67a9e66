import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataTable } from '../table-ddl.js';
import { ImportFixture, shapeOf } from './import.fixture.js';

const fixture = new ImportFixture();
beforeAll(() => fixture.open());
afterAll(() => fixture.close());

const shape = shapeOf(['id BIGINT', 'content VARCHAR'], ['id']);
const ROWS = 600_000;

/** Larger than 16 MB as a table too: its texts do not compress. */
const select = (id: string): string =>
  `SELECT ${id} AS id, md5(i::VARCHAR) || md5((-i)::VARCHAR) AS content FROM range(${ROWS}) r(i)`;

test.each([
  ['ascending', 'i', ROWS],
  ['shuffled', `(i * 7919) % ${ROWS}`, ROWS],
  ['repeated, so that rows are taken out of the finished file', `(i * 7919) % ${ROWS - 10}`, ROWS - 10],
  ['so often repeated that the rest is written anew', 'i % 1000', 1000],
])('the checksum is that of the file; keys %s', async (_keys, id, rowsAfter) => {
  const base = await fixture.baseVersion(shape);
  const path = await fixture.parquet(select(id));
  const request = fixture.request(shape, path, base, { format: 'parquet' });
  const { checksum, sizeBytes, rowCount } = await fixture.build(request);
  const bytes = readFileSync(request.stagingPath);
  expect({ checksum, sizeBytes }).toEqual({
    checksum: createHash('sha256').update(bytes).digest('hex'),
    sizeBytes: bytes.length,
  });
  expect(rowCount).toBe(rowsAfter);
  const version = { id: request.stagingPath, path: request.stagingPath };
  const counted = await fixture.database.withVersion(version, (alias) =>
    fixture.query(`SELECT count(*)::INTEGER FROM ${dataTable(alias)}`),
  );
  expect(counted).toEqual([[rowsAfter]]);
  if (rowsAfter > ROWS / 2) expect(sizeBytes).toBeGreaterThan(16 * 1024 * 1024);
});
