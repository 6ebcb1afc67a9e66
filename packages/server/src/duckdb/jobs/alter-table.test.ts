import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TableAlteration, TableShape } from '../../model/columns.js';
import type { AlterTableResult, BaseVersion, BuiltVersion } from '../../workers/messages.js';
import { LARGE_BLOCK_BYTES, SMALL_BLOCK_BYTES } from '../engine-database.js';
import { ImportFixture, never, shapeOf } from '../import/import.fixture.js';
import { dataTable } from '../table-ddl.js';
import { alterTable } from './alter-table.js';
import { deleteRows } from './delete-rows.js';

const fixture = new ImportFixture();
beforeAll(() => fixture.open());
afterAll(() => fixture.close());

const shape = shapeOf(['id INTEGER NOT NULL DEFAULT 9', "name VARCHAR DEFAULT 'x'", 'tags VARCHAR[]'], ['id']);
const VALUES = "SELECT i, 'n' || i, ['t' || i] FROM range(5000) AS r(i)";

interface Altered extends AlterTableResult {
  readonly path: string;
}

async function alter(base: BaseVersion, from: TableShape, alteration: TableAlteration): Promise<Altered> {
  const stagingPath = fixture.newPath('.staged');
  const request = { stagingPath, base: { ...base, id: base.path }, shape: from, alteration };
  const context = { database: fixture.database, signal: never, tempDirectory: fixture.tempDirectory };
  return { ...(await alterTable(request, context)), path: stagingPath };
}

/** The built file as the next base. */
function baseOf({ built, path }: { built: BuiltVersion | null; path: string }): BaseVersion {
  if (built === null) throw new Error('nothing was built');
  return { path, rowCount: built.rowCount, sizeBytes: built.sizeBytes, blockSizeBytes: built.blockSizeBytes };
}

function checksumOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** What the file says of its columns, as a shape without a key. */
async function shapeIn(path: string): Promise<unknown[]> {
  return fixture.database.withVersion({ id: path, path }, async (alias) => {
    const rows = await fixture.query(`DESCRIBE ${dataTable(alias)}`);
    return rows.map(([name, type, nullable, , fallback]) => [name, type, nullable === 'YES', fallback !== null]);
  });
}

const shown = ({ columns }: TableShape): unknown[] =>
  columns.map((column) => [column.name, column.type, column.nullable, column.default !== null]);

describe('the file has what the answer says, and the base is untouched', () => {
  test.each<[string, TableAlteration]>([
    ['a new column', { kind: 'addColumn', column: { name: 'n', type: 'int8', nullable: true, default: null } }],
    [
      'a new column of a nested type with a default',
      {
        kind: 'addColumn',
        column: { name: 'n', type: 'STRUCT(a INT, b TEXT[])', nullable: false, default: "{'a': 1, 'b': ['x']}" },
      },
    ],
    ['a new name', { kind: 'alterColumn', column: 'id', changes: { name: 'number' } }],
    ['a new type', { kind: 'alterColumn', column: 'id', changes: { type: 'VARCHAR', default: null } }],
    ['no default', { kind: 'alterColumn', column: 'name', changes: { default: null, nullable: false } }],
    [
      'all of a column',
      {
        kind: 'alterColumn',
        column: 'tags',
        changes: { name: 'Tags', type: 'VARCHAR', nullable: false, default: "'a'" },
      },
    ],
    ['a column less', { kind: 'dropColumn', column: 'name' }],
    ['a key', { kind: 'addPrimaryKey', columns: ['name', 'id'] }],
  ])('%s', async (_, alteration) => {
    const from = alteration.kind === 'addPrimaryKey' ? { ...shape, primaryKey: [] } : shape;
    for (const values of [VALUES, '']) {
      const base = await fixture.baseVersion(from, values);
      const before = checksumOf(base.path);
      const altered = await alter(base, from, alteration);
      expect(altered.built).toMatchObject({ rowCount: base.rowCount, checksum: checksumOf(altered.path) });
      expect(altered.built?.sizeBytes).toBe(readFileSync(altered.path).length);
      expect(altered.built?.shape).toEqual(altered.shape);
      expect(await shapeIn(altered.path)).toEqual(shown(altered.shape));
      expect(existsSync(`${altered.path}.wal`)).toBe(false);
      expect(checksumOf(base.path)).toBe(before);
      const rows = await fixture.rowsOf(altered.path);
      expect(rows.map(([id]) => String(id))).toEqual(Array.from({ length: base.rowCount }, (_row, id) => String(id)));
    }
  });
});

test('nothing is built when the file serves as it is', async () => {
  const base = await fixture.baseVersion(shape, VALUES);
  const keyless = { ...shape, primaryKey: [] };
  const key = await alter(base, keyless, { kind: 'addPrimaryKey', columns: ['id'] });
  expect(key).toMatchObject({ built: null, shape });
  expect(existsSync(key.path)).toBe(false);
  const same = await alter(base, shape, {
    kind: 'alterColumn',
    column: 'name',
    changes: { type: 'TEXT', nullable: true },
  });
  expect(same).toMatchObject({ built: null, shape });
});

test('rows that were deleted stay so, and the others in their order', async () => {
  const base = await fixture.baseVersion(shape, "SELECT i, 'n', NULL FROM range(400000) AS r(i)", LARGE_BLOCK_BYTES);
  const stagingPath = fixture.newPath('.staged');
  const deletion = { stagingPath, base: { ...base, id: base.path }, shape, condition: 'id % 7 = 3' };
  const context = { database: fixture.database, signal: never, tempDirectory: fixture.tempDirectory };
  const deleted = await deleteRows(deletion, context);
  expect(deleted).toMatchObject({ deletedRows: 57143, built: { rowCount: 342_857 } });
  const retyped = await alter(baseOf({ ...deleted, path: stagingPath }), shape, {
    kind: 'alterColumn',
    column: 'id',
    changes: { type: 'VARCHAR' },
  });
  const added = await alter(baseOf(retyped), retyped.shape, {
    kind: 'addColumn',
    column: { name: 'extra', type: 'INTEGER', nullable: false, default: '1' },
  });
  const counted = await fixture.database.withVersion({ id: added.path, path: added.path }, (alias) =>
    fixture.query(
      `SELECT count(*)::INTEGER, sum(extra)::INTEGER, count(*) FILTER (number % 7 = 3)::INTEGER, count(*) FILTER (number <= previous)::INTEGER
       FROM (SELECT *, id::INTEGER AS number, lag(id::INTEGER) OVER () AS previous FROM ${dataTable(alias)})`,
    ),
  );
  expect(counted).toEqual([[342_857, 342_857, 0, 0]]);
});

test('a file that becomes large gets large blocks, one that becomes small is written anew', async () => {
  const narrow = shapeOf(['id INTEGER']);
  const base = await fixture.baseVersion(narrow, 'FROM range(400000)');
  expect(base.blockSizeBytes).toBe(SMALL_BLOCK_BYTES);
  const wide = await alter(base, narrow, {
    kind: 'addColumn',
    column: { name: 'own', type: 'UUID', nullable: false, default: 'gen_random_uuid()' },
  });
  expect(wide.built?.blockSizeBytes).toBe(LARGE_BLOCK_BYTES);
  const wider = await alter(baseOf(wide), wide.shape, {
    kind: 'addColumn',
    column: { name: 'other', type: 'VARCHAR', nullable: true, default: 'CAST(gen_random_uuid() AS VARCHAR)' },
  });
  const narrower = await alter(baseOf(wider), wider.shape, { kind: 'dropColumn', column: 'other' });
  expect(narrower.built?.sizeBytes).toBeLessThan((wider.built?.sizeBytes ?? 0) / 2);
});

test('memory does not grow with the table', { timeout: 240_000 }, async () => {
  const small = new ImportFixture();
  await small.open('60MB');
  try {
    const context = { database: small.database, signal: never, tempDirectory: small.tempDirectory };
    const from = shapeOf(['id BIGINT', 'hash VARCHAR']);
    let base = await small.baseVersion(
      from,
      'SELECT i, md5(i::VARCHAR) FROM range(2000000) AS r(i)',
      LARGE_BLOCK_BYTES,
    );
    let current = from;
    const steps: TableAlteration[] = [
      {
        kind: 'addColumn',
        column: { name: 'own', type: 'VARCHAR', nullable: false, default: 'CAST(gen_random_uuid() AS VARCHAR)' },
      },
      { kind: 'addColumn', column: { name: 'list', type: 'INTEGER[]', nullable: false, default: '[1, 2, 3]' } },
      { kind: 'alterColumn', column: 'id', changes: { type: 'VARCHAR', nullable: false } },
      { kind: 'alterColumn', column: 'hash', changes: { type: 'BLOB' } },
      { kind: 'dropColumn', column: 'hash' },
    ];
    for (const alteration of steps) {
      const stagingPath = small.newPath('.staged');
      const altered = await alterTable(
        { stagingPath, base: { ...base, id: base.path }, shape: current, alteration },
        context,
      );
      base = baseOf({ ...altered, path: stagingPath });
      current = altered.shape;
    }
    for (const [condition, rowCount] of [
      ["id LIKE '%1'", 1_800_000],
      ["id NOT LIKE '%0'", 200_000],
    ] as const) {
      const stagingPath = small.newPath('.staged');
      const result = await deleteRows(
        { stagingPath, base: { ...base, id: base.path }, shape: current, condition },
        context,
      );
      base = baseOf({ ...result, path: stagingPath });
      expect(base.rowCount).toBe(rowCount);
    }
  } finally {
    small.close();
  }
});
