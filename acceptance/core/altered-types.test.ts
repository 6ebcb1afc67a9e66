import { describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import { createProjectWithBucket, createTable, getTable, importContent, preview, rowsOf } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

/** The types of chapter 3.1 of the contract in the engine's spelling, each with a text that is one of its values. */
const VALUES: Readonly<Record<string, string>> = {
  VARCHAR: "it's",
  INTEGER: '-7',
  BIGINT: '9007199254740993',
  SMALLINT: '-32768',
  TINYINT: '127',
  UTINYINT: '255',
  USMALLINT: '65535',
  UINTEGER: '4294967295',
  UBIGINT: '18446744073709551615',
  UHUGEINT: '340282366920938463463374607431768211455',
  HUGEINT: '-170141183460469231731687303715884105728',
  BIGNUM: '12345678901234567890123456789012345678901234567890',
  DOUBLE: '1.5',
  FLOAT: '0.25',
  'DECIMAL(18,3)': '1.125',
  'DECIMAL(10,2)': '-12.30',
  'DECIMAL(38,38)': '0.00000000000000000000000000000000000001',
  BOOLEAN: 'true',
  DATE: '2024-02-29',
  TIME: '10:11:12.5',
  INTERVAL: '1 year 2 days 03:04:05',
  UUID: '0db87784-3ecc-4a26-9a3c-111111111111',
  JSON: '{"k": [1, null]}',
  BIT: '10101',
  'TIME WITH TIME ZONE': '10:11:12+02',
  TIMESTAMP: '2024-01-15 10:11:12.000123',
  TIMESTAMP_S: '2024-01-15 10:11:12',
  TIMESTAMP_MS: '2024-01-15 10:11:12.123',
  TIMESTAMP_NS: '2024-01-15 10:11:12.123456789',
  'TIMESTAMP WITH TIME ZONE': '2024-01-15 10:11:12+02',
  BLOB: 'ab\\x00\\xFF',
  'INTEGER[]': '[1, NULL, 3]',
  'INTEGER[3]': '[1, 2, 3]',
  'VARCHAR[][2]': '[[a], [b, c]]',
  'STRUCT(a INTEGER)': "{'a': 1}",
  'STRUCT(a STRUCT(b DECIMAL(4,1)[]), "c d" DATE)': "{'a': {'b': [1.5]}, 'c d': 2024-01-15}",
  'MAP(VARCHAR, INTEGER)': '{a=1, b=2}',
  'UNION(a INTEGER, b VARCHAR)': 'text',
  "ENUM('x', 'y')": 'y',
};
const TYPES = Object.keys(VALUES);
const TEXTS = Object.values(VALUES);

/** More than the engine takes at a time, and a row without values. */
const ROWS = 3000;
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const CSV =
  `id,${TYPES.map((_, index) => `c${index}`).join(',')}\n` +
  Array.from({ length: ROWS }, (_, id) => `${id},${TEXTS.map(quoted).join(',')}\n`).join('') +
  `${ROWS}${','.repeat(TYPES.length)}\n`;

const columnsOf = (type: (index: number) => string): Record<string, string> =>
  Object.fromEntries([['id', 'INTEGER'], ...TYPES.map((_, index) => [`c${index}`, type(index)] as const)]);

describe('every type', () => {
  it('can be the new type of a column: texts become what an import makes of them, and texts again', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const imported = await createTable(
      project,
      bucket,
      columnsOf((index) => TYPES[index] ?? ''),
    );
    const altered = await createTable(
      project,
      bucket,
      columnsOf(() => 'VARCHAR'),
    );
    mustSucceed(await importContent(imported, CSV));
    mustSucceed(await importContent(altered, CSV));
    for (const [index, type] of TYPES.entries()) {
      mustSucceed(await project.api.put(`${altered.path}/columns/c${index}`, { new_type: type }));
    }
    const wanted = await preview(imported, '?limit=10000');
    expect((await getTable(altered)).columns.map(({ type }) => type)).toEqual(['INTEGER', ...TYPES]);
    const { rows } = await preview(altered, '?limit=10000');
    expect(rows).toEqual(wanted.rows);
    expect(rows.at(-1)).toEqual(Object.fromEntries([['id', ROWS], ...TYPES.map((_, index) => [`c${index}`, null])]));
    for (const [index, type] of TYPES.entries()) {
      const path = `${altered.path}/columns/c${index}`;
      mustSucceed(await project.api.put(path, { new_type: 'VARCHAR' }));
      mustSucceed(await project.api.put(path, { new_type: type }));
    }
    expect((await preview(altered, '?limit=10000')).rows).toEqual(wanted.rows);
  });

  it('can be added, with a default for the rows that are there and for those to come', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const imported = await createTable(
      project,
      bucket,
      columnsOf((index) => TYPES[index] ?? ''),
    );
    mustSucceed(await importContent(imported, CSV));
    const [wanted = []] = await rowsOf(imported);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    mustSucceed(await importContent(table, `id\n${Array.from({ length: ROWS }, (_, id) => id).join('\n')}\n`));
    for (const [index, type] of TYPES.entries()) {
      const literal = `'${(TEXTS[index] ?? '').replaceAll("'", "''")}'`;
      const column = { name: `c${index}`, type, default: literal, nullable: index % 2 === 0 };
      mustSucceed(await project.api.post(`${table.path}/columns`, column));
    }
    const selection = { import_options: { incremental: true, columns: ['id'] } };
    mustSucceed(await importContent(table, `id\n${ROWS}\n`, selection));
    const rows = await rowsOf(table);
    expect(rows).toHaveLength(ROWS + 1);
    for (const id of [0, 1, 2047, 2048, ROWS - 1, ROWS]) expect(rows[id]).toEqual([id, ...wanted.slice(1)]);
  });

  it('can be dropped', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(
      project,
      bucket,
      columnsOf((index) => TYPES[index] ?? ''),
    );
    mustSucceed(await importContent(table, CSV));
    for (const index of TYPES.keys()) mustSucceed(await project.api.delete(`${table.path}/columns/c${index}`));
    expect((await rowsOf(table)).map(([id]) => id)).toEqual(Array.from({ length: ROWS + 1 }, (_, id) => id));
  });
});
