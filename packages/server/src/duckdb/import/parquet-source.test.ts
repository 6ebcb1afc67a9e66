import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImportFixture, shapeOf, type Imported, type ImportOptions } from './import.fixture.js';

const fixture = new ImportFixture();
beforeAll(() => fixture.open());
afterAll(() => fixture.close());

const shape = shapeOf(['id INTEGER', 'name VARCHAR'], ['id']);

async function load(path: string, options: ImportOptions = {}, target = shape): Promise<Imported> {
  const base = options.base ?? (await fixture.baseVersion(target));
  return fixture.run(fixture.request(target, path, base, { format: 'parquet', ...options }));
}

describe('Parquet', () => {
  test('columns by name, values converted, order kept', async () => {
    const path = await fixture.parquet(`SELECT 'n' || i AS "NAME", i::DOUBLE AS id FROM range(200000) r(i)`);
    const imported = await load(path);
    expect(imported.rows.slice(-1)).toEqual([[199_999, 'n199999']]);
    expect(imported.rows.every(([id], index) => id === index)).toBe(true);
    expect(imported).toMatchObject({ rowCount: 200_000, sourceRows: 200_000, warnings: [] });
  });

  test('inside gzip', async () => {
    const path = await fixture.parquet(`SELECT 1 AS id, 'a' AS name`);
    expect((await load(fixture.write(gzipSync(readFileSync(path)), '.bin'))).rows).toEqual([[1, 'a']]);
  });

  test('only some columns, by position, and incrementally', async () => {
    const extra = await fixture.parquet(`SELECT 1 AS id, 2 AS other`);
    expect((await load(extra, { columns: ['id'] })).rows).toEqual([[1, null]]);
    const foreign = await load(await fixture.parquet(`SELECT 7 AS x, 'y' AS y`));
    expect(foreign.rows).toEqual([[7, 'y']]);
    expect(foreign.warnings[0]).toMatch(/by position/);
    const base = await fixture.baseVersion(shape, `VALUES (1, 'a'), (2, 'b')`);
    const merged = await load(await fixture.parquet(`SELECT 2 AS id, 'B' AS name UNION ALL SELECT 3, 'C'`), {
      base,
      incremental: true,
    });
    expect(merged.rows).toEqual([
      [1, 'a'],
      [2, 'B'],
      [3, 'C'],
    ]);
  });

  test.each([
    [
      'a value that does not convert',
      `SELECT CASE i WHEN 70000 THEN 'x' ELSE i::VARCHAR END AS id, 'a' AS name FROM range(100000) r(i)`,
      70_001,
      'id',
      'x',
    ],
    ['a value out of range', `SELECT i * 1000000000 AS id, 'a' AS name FROM range(5) r(i)`, 4, 'id', '3000000000'],
    ['an empty key', `SELECT CASE i WHEN 3 THEN NULL ELSE i END AS id, 'a' AS name FROM range(5) r(i)`, 4, 'id', null],
  ])('%s is named by row', async (_, select, line, column, value) => {
    const error = await fixture.failure(load(await fixture.parquet(select)));
    expect(error.code).toBe('import_failed');
    expect(error.details).toMatchObject({ line, column, value });
    expect(error.message).toContain(`row ${line}, column "${column}"`);
  });

  test('an element of a list that does not convert fails the row', async () => {
    const lists = shapeOf(['l INTEGER[]']);
    const path = await fixture.parquet(`SELECT CASE i WHEN 2 THEN ['1', 'x'] ELSE ['1'] END AS l FROM range(4) r(i)`);
    expect((await fixture.failure(load(path, {}, lists))).details).toMatchObject({
      line: 3,
      column: 'l',
      value: '[1, x]',
    });
    const skipped = await load(path, { onError: 'skip' }, lists);
    expect(skipped).toMatchObject({ rowCount: 3, rejectedCount: 1 });
  });

  test('damaged files are refused, wherever the damage is', async () => {
    const whole = readFileSync(await fixture.parquet(`SELECT i AS id, 'n' || i AS name FROM range(5000) r(i)`));
    for (let at = 4; at < whole.length; at += Math.ceil(whole.length / 40)) {
      const damaged = Buffer.from(whole);
      for (let byte = at; byte < Math.min(at + 16, whole.length); byte++) damaged[byte] = 0xff ^ (damaged[byte] ?? 0);
      try {
        await load(fixture.write(damaged, '.parquet'));
      } catch (error) {
        expect(error).toMatchObject({
          name: 'DomainError',
          code: expect.stringMatching(/^(import_failed|column_mismatch|duplicate_key)$/),
        });
      }
    }
    for (const bytes of [8, 100, whole.length - 1]) {
      expect((await fixture.failure(load(fixture.write(whole.subarray(0, bytes), '.parquet')))).code).toBe(
        'import_failed',
      );
    }
  });
});
