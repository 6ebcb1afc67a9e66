import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../../test/helpers/temp-dir.js';
import type { TableShape } from '../model/columns.js';
import { ChildProcessWorkerPool } from './child-process-worker-pool.js';
import { enginePoolOptions } from './engine-pool-options.js';

const SHAPE: TableShape = {
  columns: [
    { name: 'id', type: 'INTEGER', nullable: false, default: null },
    { name: 'name', type: 'VARCHAR', nullable: true, default: null },
  ],
  primaryKey: ['id'],
};

async function enginePool(): Promise<{ pool: ChildProcessWorkerPool; directory: string; warnings: string[] }> {
  const directory = await tempDir();
  const warnings: string[] = [];
  const quiet = (): void => undefined;
  const pool = await ChildProcessWorkerPool.start(
    enginePoolOptions({
      engine: {
        threads: 2,
        memoryLimit: '256MB',
        memoryLimitBytes: 256_000_000,
        operationTimeoutMs: 20_000,
        readTimeoutMs: 20_000,
        readWorkers: 1,
        jobWorkers: 1,
        queueLimit: 10,
      },
      tempBase: directory,
      maxTempBytes: null,
      logger: {
        debug: quiet,
        info: quiet,
        warn: (fields, message) => warnings.push(`${message} ${JSON.stringify(fields)}`),
        error: (fields, message) => warnings.push(`${message} ${JSON.stringify(fields)}`),
      },
      observer: { onJob: quiet },
    }),
  );
  onTestFinished(() => pool.stop(0));
  return { pool, directory, warnings };
}

function previewOf(path: string): Parameters<typeof ChildProcessWorkerPool.prototype.run<'previewTable'>>[1] {
  return { version: { id: path, path }, shape: SHAPE, columns: null, filter: null, orderBy: null, limit: 100 };
}

test('the engine behind the pool: a table is built, imported into, read and verified', async () => {
  const { pool, directory, warnings } = await enginePool();
  expect(pool.status().duckdbVersion).toMatch(/^v1\.\d+\.\d+$/);

  const empty = join(directory, 'empty.duckdb');
  const created = await pool.run('createTable', { stagingPath: empty, shape: SHAPE });
  expect(created).toMatchObject({ rowCount: 0, sizeBytes: statSync(empty).size, shape: SHAPE });
  expect(await pool.run('previewTable', previewOf(empty))).toEqual({ rowsJson: '[]', rowCount: 0 });

  const csv = join(directory, 'rows.csv');
  await writeFile(csv, 'id,name\n1,one\n2,two\n');
  const filled = join(directory, 'filled.duckdb');
  const imported = await pool.run('importFile', {
    stagingPath: filled,
    base: { path: empty, rowCount: 0, sizeBytes: created.sizeBytes, blockSizeBytes: created.blockSizeBytes },
    shape: SHAPE,
    source: { path: csv, format: 'csv' },
    csv: {},
    columns: null,
    incremental: false,
    dedupMode: 'update_duplicates',
    onError: 'fail',
    maxBadRows: 0,
    maxInflatedBytes: 1_000_000,
  });
  expect(imported).toMatchObject({ rowCount: 2, insertedRows: 2 });
  const preview = await pool.run('previewTable', { ...previewOf(filled), orderBy: 'id desc' });
  expect(JSON.parse(preview.rowsJson)).toEqual([
    { id: 2, name: 'two' },
    { id: 1, name: 'one' },
  ]);
  const verified = await pool.run('verifyVersion', { path: filled });
  expect(verified).toMatchObject({ rowCount: 2, checksum: imported.checksum });

  await pool.stop(5_000);
  expect(warnings).toEqual([]);
});

test('mistakes and damaged files are errors of one job, not of the worker', async () => {
  const { pool, directory } = await enginePool();
  const [column] = SHAPE.columns;
  if (column === undefined) throw new Error('the shape has columns');
  const odd: TableShape = { columns: [{ ...column, type: 'NUMBERISH' }], primaryKey: [] };
  const stagingPath = join(directory, 'odd.duckdb');
  await expect(pool.run('createTable', { stagingPath, shape: odd })).rejects.toMatchObject({
    code: 'invalid_column_type',
  });

  const damaged = join(directory, 'damaged.duckdb');
  await writeFile(damaged, Buffer.alloc(20_000, 7));
  await expect(pool.run('previewTable', previewOf(damaged))).rejects.toMatchObject({ name: 'DomainError' });
  expect(await pool.run('createTable', { stagingPath, shape: SHAPE })).toMatchObject({ shape: SHAPE });
  expect(pool.status().lanes.read.replaced).toBe(0);
});
