import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImportFixture, shapeOf } from './import.fixture.js';

const fixture = new ImportFixture();
beforeAll(() => fixture.open());
afterAll(() => fixture.close());

const shape = shapeOf(['id INTEGER', 'n INTEGER', 's VARCHAR NOT NULL'], ['id']);

describe('CSV', () => {
  const mixed = 'id,n,s\n1,1,"a\nb"\nx,1,b\n2,y,c\n3,1\n4,1,d,e\n\n5,5,\n,6,f\n7,7,g\nz,z,h\n8,8,"i"j\n9,9,k\n';

  test('every kind of bad row is set aside, with its line', async () => {
    const imported = await fixture.importText(shape, mixed, { onError: 'skip' });
    expect(imported.rows).toEqual([
      [1, 1, 'a\nb'],
      [7, 7, 'g'],
      [9, 9, 'k'],
    ]);
    expect(imported.rejected.map(({ line, column, value }) => [line, column, value])).toEqual([
      [4, 'id', 'x'],
      [5, 'n', 'y'],
      [6, null, null],
      [7, null, null],
      [9, 's', null],
      [10, 'id', null],
      [12, 'id', 'z'],
      [13, null, null],
    ]);
    expect(imported.rejected[0]?.reason).toBe("could not convert 'x' to INTEGER");
    expect(imported.rejected[2]?.reason).toBe('expected 3 columns, found 2');
    expect(imported).toMatchObject({ sourceRows: 11, rejectedCount: 8, insertedRows: 3, rowCount: 3 });
  });

  test('as many as allowed, not one more', async () => {
    expect((await fixture.importText(shape, mixed, { onError: 'skip', maxBadRows: 8 })).rejectedCount).toBe(8);
    const error = await fixture.failure(fixture.importText(shape, mixed, { onError: 'skip', maxBadRows: 7 }));
    expect(error.code).toBe('too_many_bad_rows');
    expect(error.details).toMatchObject({ max_bad_rows: 7, rejected_count: 8 });
    const none = await fixture.failure(
      fixture.importText(shape, 'id,n,s\nx,1,a\n', { onError: 'skip', maxBadRows: 0 }),
    );
    expect(none.code).toBe('too_many_bad_rows');
    expect(none.details['rejected']).toMatchObject([{ line: 2, column: 'id', value: 'x' }]);
  });

  test('the first hundred are shown, all are counted', async () => {
    const rows = Array.from({ length: 5000 }, (_, index) => (index % 10 === 3 ? `bad,bad,s\n` : `${index},1,s\n`));
    const imported = await fixture.importText(shape, `id,n,s\n${rows.join('')}`, { onError: 'skip' });
    expect(imported).toMatchObject({ rejectedCount: 500, rowCount: 4500, sourceRows: 5000 });
    expect(imported.rejected.map(({ line }) => line)).toEqual(
      Array.from({ length: 100 }, (_, index) => index * 10 + 5),
    );
  });

  test('invalid UTF-8, long lines and mixed line ends', async () => {
    const bytes = Buffer.concat([
      Buffer.from('id,n,s\r\n1,1,a\n2,2,'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`\r\n3,3,${'x'.repeat(3e6)}\n4,4,b\rq,5,c\n`),
    ]);
    const imported = await fixture.importText(shape, bytes, { onError: 'skip' });
    expect(imported.rows.map(([id]) => id)).toEqual([1, 3, 4]);
    expect(imported.rejected.map(({ line }) => line)).toEqual([3, 6]);
  });

  test('a good file, and keys that repeat among the good rows', async () => {
    const good = await fixture.importText(shape, 'id,n,s\n1,1,a\n', { onError: 'skip' });
    expect(good).toMatchObject({ rejectedCount: 0, rejected: [], rowCount: 1 });
    const repeated = await fixture.importText(shape, 'id,n,s\n1,1,a\n1,x,b\n1,3,c\n', { onError: 'skip' });
    expect(repeated.rows).toEqual([[1, 3, 'c']]);
    expect(repeated).toMatchObject({ rejectedCount: 1, sourceRows: 3, rowCount: 1 });
  });
});

describe('Parquet', () => {
  const select = `SELECT i AS id, CASE i WHEN 3 THEN 'x' WHEN 5 THEN NULL ELSE i::VARCHAR END AS n,
    CASE i WHEN 6 THEN NULL ELSE 's' END AS s FROM range(8) r(i)`;

  test('bad rows are set aside, with their number', async () => {
    const request = fixture.request(shape, await fixture.parquet(select), await fixture.baseVersion(shape), {
      format: 'parquet',
      onError: 'skip',
    });
    const imported = await fixture.run(request);
    expect(imported.rows.map(([id, n]) => [id, n])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [4, 4],
      [5, null],
      [7, 7],
    ]);
    expect(imported.rejected).toMatchObject([
      { line: 4, column: 'n', value: 'x' },
      { line: 7, column: 's', value: null },
    ]);
    expect(imported).toMatchObject({ sourceRows: 8, rejectedCount: 2, rowCount: 6 });
  });

  test('too many', async () => {
    const request = fixture.request(shape, await fixture.parquet(select), await fixture.baseVersion(shape), {
      format: 'parquet',
      onError: 'skip',
      maxBadRows: 1,
    });
    expect((await fixture.failure(fixture.run(request))).details).toMatchObject({ rejected_count: 2, max_bad_rows: 1 });
  });
});
