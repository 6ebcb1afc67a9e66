import { readFileSync, readdirSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isDomainError } from '../../errors/domain-error.js';
import type { TableShape } from '../../model/columns.js';
import { SMALL_BLOCK_BYTES } from '../engine-database.js';
import { dataTable } from '../table-ddl.js';
import { createTable } from './create-table.js';
import { column, JobFixture } from './jobs.fixture.js';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await JobFixture.open();
});
afterAll(() => fixture.close());

const shape: TableShape = {
  columns: [
    column('id', 'BIGINT'),
    column('select', 'VARCHAR', { default: `'a "quoted" ''text'''` }),
    column('b "c"', `ENUM('x', 'y')`, { nullable: false }),
    column('at', 'DATE', { default: 'current_date' }),
  ],
  primaryKey: ['id'],
};

test('an empty, finished file with the columns, without a key index', async () => {
  const stagingPath = fixture.path('new.duckdb');
  const built = await createTable({ stagingPath, shape }, fixture.context);
  const bytes = readFileSync(stagingPath);
  expect(built).toMatchObject({ rowCount: 0, sizeBytes: bytes.length, blockSizeBytes: SMALL_BLOCK_BYTES });
  expect(built.checksum).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(built.sizeBytes).toBeLessThan(40_000);
  expect(built.shape.columns[0]?.nullable).toBe(false);
  expect(readdirSync(fixture.directory)).toEqual(['new.duckdb']);
  await fixture.database.withVersion({ id: 'new', path: stagingPath }, async (alias) => {
    const columns = await fixture.query(`DESCRIBE ${dataTable(alias)}`);
    expect(columns.map((row) => [row.column_name, row.column_type, row.null, row.key])).toEqual([
      ['id', 'BIGINT', 'NO', null],
      ['select', 'VARCHAR', 'YES', null],
      ['b "c"', `ENUM('x', 'y')`, 'NO', null],
      ['at', 'DATE', 'YES', null],
    ]);
  });
});

test('defaults work for rows that are added later', async () => {
  const stagingPath = fixture.path('defaults.duckdb');
  await createTable({ stagingPath, shape }, fixture.context);
  const { signal } = fixture.context;
  await fixture.database.withStagedFile(
    stagingPath,
    { blockSizeBytes: SMALL_BLOCK_BYTES },
    signal,
    async (connection, alias) => {
      await connection.run(`INSERT INTO ${dataTable(alias)} (id, "b ""c""") VALUES (1, 'x')`);
      const rows = (
        await connection.runAndReadAll(`SELECT "select", "at" = current_date AS today FROM ${dataTable(alias)}`)
      ).getRowsJson();
      expect(rows).toEqual([[`a "quoted" 'text'`, true]]);
    },
  );
});

test('a refused shape leaves no file', async () => {
  const stagingPath = fixture.path('refused.duckdb');
  await expect(createTable({ stagingPath, shape: { ...shape, primaryKey: ['no'] } }, fixture.context)).rejects.toThrow(
    'not found',
  );
  expect(readdirSync(fixture.directory)).not.toContain('refused.duckdb');
});

test('a cancelled job', async () => {
  const work = createTable({ stagingPath: fixture.path('cancelled.duckdb'), shape }, fixture.cancelledContext());
  await expect(work).rejects.toSatisfy((error) => isDomainError(error, 'request_cancelled'));
});
