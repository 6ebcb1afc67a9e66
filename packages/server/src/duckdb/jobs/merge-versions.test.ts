import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isDomainError } from '../../errors/domain-error.js';
import type { TableShape } from '../../model/columns.js';
import { column, JobFixture } from './jobs.fixture.js';
import { mergeVersions } from './merge-versions.js';

let fixture: JobFixture;
let count = 0;
beforeAll(async () => {
  fixture = await JobFixture.open();
});
afterAll(() => fixture.close());

const shape: TableShape = {
  columns: [
    column('k', 'INTEGER', { nullable: false }),
    column('rowid', 'VARCHAR'),
    column('change', 'INTEGER[]', { default: '[]' }),
  ],
  primaryKey: ['k'],
};
const withoutRowId: TableShape = {
  ...shape,
  columns: shape.columns.map((each) => (each.name === 'rowid' ? { ...each, name: 'v' } : each)),
};

async function merge(origin: string, changed: string, target: string, of: TableShape = shape) {
  const version = (rows: string) => fixture.makeVersion(`merged${(count += 1)}`, of, rows);
  const targetVersion = await version(target);
  const stagingPath = fixture.path(`staged${(count += 1)}.duckdb`);
  const result = await mergeVersions(
    {
      stagingPath,
      shape: of,
      origin: await version(origin),
      changed: await version(changed),
      target: {
        path: targetVersion.path,
        rowCount: 0,
        sizeBytes: statSync(targetVersion.path).size,
        blockSizeBytes: 16_384,
      },
    },
    fixture.context,
  );
  const rows = await fixture.database.withVersion({ id: stagingPath, path: stagingPath }, (alias) =>
    fixture.query(`SELECT * FROM ${alias}.main.data`),
  );
  return { result, rows: rows.map((row) => Object.values(row)) };
}

describe('mergeVersions', () => {
  it.each([shape, withoutRowId])('applies one side to the other; rows keep their order', async (of) => {
    const { result, rows } = await merge(
      `VALUES (5, 'e', [5]), (1, 'a', NULL), (2, 'b', [2]), (3, 'c', NULL)`,
      `VALUES (1, 'A', NULL), (8, 'new', [8]), (2, 'b', [2]), (3, 'c', NULL), (7, 'new', NULL)`,
      `VALUES (5, 'e', [5]), (1, 'a', NULL), (2, 'b', [2, 2]), (3, 'c', NULL), (4, 'theirs', NULL)`,
      of,
    );
    expect(rows).toEqual([
      [1, 'A', null],
      [2, 'b', [2, 2]],
      [3, 'c', null],
      [4, 'theirs', null],
      [8, 'new', [8]],
      [7, 'new', null],
    ]);
    expect(result).toMatchObject({ rowCount: 6, insertedRows: 2, updatedRows: 1, deletedRows: 1, shape: of });
    expect(result.checksum).toMatch(/^[0-9a-f]{64}$/);
  });

  it('takes the same change on both sides for no conflict', async () => {
    const { result, rows } = await merge(
      `VALUES (1, 'a', NULL), (2, 'b', NULL)`,
      `VALUES (1, 'x', NULL), (3, 'c', NULL)`,
      `VALUES (1, 'x', NULL), (3, 'c', NULL)`,
    );
    expect(rows).toEqual([
      [1, 'x', null],
      [3, 'c', null],
    ]);
    expect(result).toMatchObject({ insertedRows: 0, updatedRows: 0, deletedRows: 0 });
  });

  it.each([
    ['changed twice', `VALUES (1, 'x', NULL)`, `VALUES (1, 'y', NULL)`],
    ['removed here, changed there', `SELECT 1, 'a', NULL WHERE false`, `VALUES (1, 'y', NULL)`],
    ['changed here, removed there', `VALUES (1, 'x', NULL)`, `SELECT 1, 'a', NULL WHERE false`],
    ['added twice', `VALUES (1, 'a', NULL), (2, 'x', NULL)`, `VALUES (1, 'a', NULL), (2, 'x', [1])`],
  ])('refuses what is in conflict: %s', async (_, changed, target) => {
    const error: unknown = await merge(`VALUES (1, 'a', NULL)`, changed, target).catch((reason: unknown) => reason);
    if (!isDomainError(error, 'merge_conflict')) throw error;
    expect(error.details).toMatchObject({ conflicting_rows: 1 });
  });
});
