import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isDomainError } from '../../errors/domain-error.js';
import type { TableShape } from '../../model/columns.js';
import { checksumFile } from '../file-checksum.js';
import { column, JobFixture } from './jobs.fixture.js';
import { verifyVersion } from './verify-version.js';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await JobFixture.open();
});
afterAll(() => fixture.close());

const shape: TableShape = {
  columns: [
    column('id', 'INTEGER', { nullable: false }),
    column('t "x"', 'STRUCT(a VARCHAR[])', { default: 'NULL' }),
    column('u', 'UNION(i INTEGER, s VARCHAR)'),
    column('d', 'VARCHAR', { default: `'x'` }),
  ],
  primaryKey: ['id'],
};
const rows = `SELECT range, {'a': [md5(range::VARCHAR)]}, range::INTEGER, NULL FROM range(20000)`;

test('reports rows, checksum and shape of the file', async () => {
  const { path } = await fixture.makeVersion('good', shape, rows);
  const result = await verifyVersion({ path }, fixture.context);
  expect(result.rowCount).toBe(20_000);
  expect(result.checksum).toBe((await checksumFile(path)).checksum);
  expect(result.shape.primaryKey).toEqual([]);
  expect(result.shape.columns.map(({ name, type, nullable }) => ({ name, type, nullable }))).toEqual(
    shape.columns.map(({ name, type, nullable }) => ({ name, type, nullable })),
  );
});

test.each(['missing', 'truncated', 'flipped', 'garbage'])(
  'a file that is %s is a storage error without its path',
  async (damage) => {
    const { path } = await fixture.makeVersion(damage, shape, rows);
    const target = fixture.path(`${damage}-copy.duckdb`);
    const bytes = readFileSync(path);
    if (damage === 'flipped') {
      for (let offset = 40_000; offset < bytes.length; offset += 4_000) bytes[offset] = 255 - (bytes[offset] ?? 0);
    }
    if (damage !== 'missing') writeFileSync(target, damage === 'garbage' ? 'not a database' : bytes);
    if (damage === 'truncated') truncateSync(target, 50_000);
    const failure: unknown = await verifyVersion({ path: target }, fixture.context).catch((error: unknown) => error);
    expect(isDomainError(failure, 'storage_error'), String(failure)).toBe(true);
    expect(String(failure)).not.toContain(fixture.directory);
  },
);
