import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LARGE_BLOCK_BYTES } from '../engine-database.js';
import { ImportFixture, shapeOf, type ImportOptions } from './import.fixture.js';

const fixture = new ImportFixture();
beforeAll(() => fixture.open());
afterAll(() => fixture.close());

const keyed = shapeOf(['id INTEGER', 'name VARCHAR', "state VARCHAR NOT NULL DEFAULT 'new'"], ['id']);
const three = `VALUES (1, 'a', 'x'), (2, 'b', 'x'), (3, 'c', 'x')`;

async function incremental(shape: typeof keyed, values: string, content: string, options: ImportOptions = {}) {
  const base = await fixture.baseVersion(shape, values);
  const before = await fixture.rowsOf(base.path);
  const imported = await fixture.importText(shape, content, { base, incremental: true, ...options });
  expect(await fixture.rowsOf(base.path)).toEqual(before);
  return imported;
}

describe('with a key', () => {
  test('known rows are updated at their place, new ones follow in file order', async () => {
    const imported = await incremental(keyed, three, 'id,name,state\n9,i,y\n2,B,y\n8,h,y\n');
    expect(imported.rows).toEqual([
      [1, 'a', 'x'],
      [2, 'B', 'y'],
      [3, 'c', 'x'],
      [9, 'i', 'y'],
      [8, 'h', 'y'],
    ]);
    expect(imported).toMatchObject({ sourceRows: 3, insertedRows: 2, updatedRows: 1, deletedRows: 0, rowCount: 5 });
  });

  test('only loaded columns change; new rows get defaults', async () => {
    const { rows } = await incremental(keyed, three, 'name,id\nB,2\nD,4\n', { columns: ['id', 'name'] });
    expect(rows).toEqual([
      [1, 'a', 'x'],
      [2, 'B', 'x'],
      [3, 'c', 'x'],
      [4, 'D', 'new'],
    ]);
  });

  test('a required column may be left out while only known rows come', async () => {
    const shape = shapeOf(['id INTEGER', 'name VARCHAR', 'must VARCHAR NOT NULL'], ['id']);
    const options = { columns: ['id', 'name'] };
    expect((await incremental(shape, `VALUES (1, 'a', 'm')`, 'id,name\n1,b\n', options)).rows).toEqual([[1, 'b', 'm']]);
    const error = await fixture.failure(incremental(shape, `VALUES (1, 'a', 'm')`, 'id,name\n2,b\n', options));
    expect([error.code, error.details['column']]).toEqual(['import_failed', 'must']);
  });

  test('a repeated key in the file: the last row counts', async () => {
    const imported = await incremental(keyed, three, 'id,name,state\n7,p,y\n2,q,y\n8,r,y\n2,s,y\n7,t,y\n');
    expect(imported.rows.slice(1)).toEqual([
      [2, 's', 'y'],
      [3, 'c', 'x'],
      [8, 'r', 'y'],
      [7, 't', 'y'],
    ]);
    expect(imported).toMatchObject({ sourceRows: 5, insertedRows: 2, updatedRows: 1 });
    expect(imported.warnings).toEqual(['2 rows with a repeated primary key were replaced by a later row.']);
  });

  test.each(['fail_on_duplicates', 'insert_duplicates'] as const)('%s', async (dedupMode) => {
    const good = await incremental(keyed, three, 'id,name,state\n4,d,y\n', { dedupMode });
    expect(good).toMatchObject({ rowCount: 4, insertedRows: 1 });
    for (const [content, examples] of [
      ['id,name,state\n4,d,y\n4,e,y\n', [{ id: '4' }]],
      ['id,name,state\n4,d,y\n2,e,y\n1,e,y\n', [{ id: '2' }, { id: '1' }]],
    ] as const) {
      const error = await fixture.failure(incremental(keyed, three, content, { dedupMode }));
      expect([error.code, error.details['examples']]).toEqual(['duplicate_key', examples]);
    }
  });

  test('rows that are all key', async () => {
    const shape = shapeOf(['a INTEGER', 'b VARCHAR'], ['a', 'b']);
    const imported = await incremental(shape, `VALUES (1, 'x'), (1, 'y')`, 'a,b\n1,y\n2,x\n');
    expect(imported.rows).toEqual([
      [1, 'x'],
      [1, 'y'],
      [2, 'x'],
    ]);
    expect(imported).toMatchObject({ insertedRows: 1, updatedRows: 0 });
  });

  test('an empty key or a missing value', async () => {
    const noKey = await fixture.failure(incremental(keyed, three, 'id,name,state\n4,"a\nb",c\n,x,y\n'));
    expect(noKey.details).toMatchObject({ line: 4, column: 'id' });
    const missing = await fixture.failure(incremental(keyed, three, 'id,name,state\n4,a,c\n5,x,\n'));
    expect(missing.details).toMatchObject({ line: 3, column: 'state' });
  });

  test.each(['VARCHAR[]', 'INTEGER[2]', 'MAP(VARCHAR, INTEGER)', 'UNION(n INTEGER, t VARCHAR)', 'STRUCT(a INTEGER[])'])(
    '%s: rows keep their place although the engine would move them',
    async (type) => {
      const shape = shapeOf(['id INTEGER', `v ${type}`], ['id']);
      const imported = await incremental(shape, 'SELECT i, NULL FROM range(4) r(i)', 'id,v\n1,\n9,\n0,\n');
      expect(imported.rows.map(([id]) => id)).toEqual([0, 1, 2, 3, 9]);
      expect(imported).toMatchObject({ insertedRows: 1, updatedRows: 2, rowCount: 5 });
    },
  );

  test('a column called rowid, and names of ours', async () => {
    const shape = shapeOf(['rowid INTEGER', 'old_row VARCHAR', 'v1 VARCHAR'], ['rowid']);
    const { rows } = await incremental(
      shape,
      `VALUES (5, 'a', 'b'), (6, 'c', 'd')`,
      'rowid,old_row,v1\n5,x,y\n7,z,z\n',
    );
    expect(rows).toEqual([
      [5, 'x', 'y'],
      [6, 'c', 'd'],
      [7, 'z', 'z'],
    ]);
  });

  test('the table after a series of imports is a map', async () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.constantFrom('p', 'q', 'r s', ''));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(row, { maxLength: 15 }), { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        async (files, nested) => {
          const shape = shapeOf(['id INTEGER', nested ? 'v VARCHAR[]' : 'v VARCHAR'], ['id']);
          const model = new Map<number, string | null>();
          let base = await fixture.baseVersion(shape);
          for (const rows of files) {
            const unique = new Map<number, string | null>();
            for (const [id, value] of rows) {
              unique.delete(id);
              unique.set(id, value === '' ? null : nested ? `[${value}]` : value);
            }
            for (const [id, value] of unique) model.set(id, value);
            const content = `id,v\n${rows.map(([id, value]) => `${id},${nested && value !== '' ? `[${value}]` : value}\n`).join('')}`;
            const { path, rowCount, sizeBytes, blockSizeBytes } = await fixture.importText(shape, content, {
              base,
              incremental: true,
            });
            base = { path, rowCount, sizeBytes, blockSizeBytes };
          }
          const stored = await fixture.rowsOf(base.path);
          expect(stored.map(([id, value]) => [id, Array.isArray(value) ? `[${value.join()}]` : value])).toEqual([
            ...model,
          ]);
          expect(base.rowCount).toBe(model.size);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('without a key', () => {
  const plain = shapeOf(['a INTEGER', "b VARCHAR DEFAULT 'z'"]);

  test.each(['update_duplicates', 'insert_duplicates', 'fail_on_duplicates'] as const)(
    '%s appends',
    async (dedupMode) => {
      const imported = await incremental(plain, `VALUES (1, 'a')`, 'a,b\n1,a\n1,a\n', { dedupMode });
      expect(imported.rows).toEqual([
        [1, 'a'],
        [1, 'a'],
        [1, 'a'],
      ]);
      expect(imported).toMatchObject({ insertedRows: 2, updatedRows: 0, rowCount: 3, sourceRows: 2 });
    },
  );

  test('a bad row changes nothing', async () => {
    const error = await fixture.failure(incremental(plain, `VALUES (1, 'a')`, 'a,b\n1,a\nx,a\n'));
    expect(error.details).toMatchObject({ line: 3, column: 'a' });
  });

  test('skipping bad rows', async () => {
    const imported = await incremental(plain, `VALUES (1, 'a')`, 'a\n2\nx\n3\n', { columns: ['a'], onError: 'skip' });
    expect(imported.rows).toEqual([
      [1, 'a'],
      [2, 'z'],
      [3, 'z'],
    ]);
    expect(imported).toMatchObject({ insertedRows: 2, sourceRows: 3, rejectedCount: 1 });
  });
});

describe('files', () => {
  test('small blocks give way to large ones when the table grows', async () => {
    const shape = shapeOf(['id INTEGER', 'v VARCHAR'], ['id']);
    const rows = Array.from(
      { length: 150_000 },
      (_, index) => `${index},${(index * 7919).toString(36)}-${index}-${index * 31}`,
    );
    const base = await fixture.baseVersion(shape, `SELECT i, 'old' FROM range(10) r(i)`);
    const imported = await fixture.importText(shape, `id,v\n${rows.join('\n')}\n`, { base, incremental: true });
    expect(imported).toMatchObject({ rowCount: 150_000, updatedRows: 10 });
    const noise = (index: number): string => createHash('sha512').update(String(index)).digest('base64');
    const wide = Array.from({ length: 90_000 }, (_, index) => `${index},${noise(index)}`);
    const large = await fixture.importText(shape, `id,v\n${wide.join('\n')}\n`, { base, incremental: true });
    expect(large).toMatchObject({ rowCount: 90_000, updatedRows: 10, blockSizeBytes: LARGE_BLOCK_BYTES });
    expect(large.rows.map(([id]) => id)).toEqual(wide.map((_, index) => index));
  });

  test('a file that became mostly free space is rewritten', async () => {
    const shape = shapeOf(['id INTEGER', 'v VARCHAR'], ['id']);
    const text = (seed: number, count: number): string =>
      Array.from({ length: count }, () => `1,${(seed = (seed * 48271) % 2147483647).toString(36).repeat(40)}\n`).join(
        '',
      );
    const imported = await fixture.importText(shape, `id,v\n${text(7, 60_000)}`);
    expect(imported).toMatchObject({ rowCount: 1, sourceRows: 60_000 });
    expect(imported.sizeBytes).toBeLessThan(1_000_000);
  });
});
