import { describe, expect, it } from 'vitest';
import { mustSucceed } from '../helpers/api.js';
import { createProjectWithBucket, createTable, getTable } from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();

/** Chapter 3.1 of the contract: what is asked for, and what the engine calls it. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  VARCHAR: ['VARCHAR', 'VARCHAR(10)', 'TEXT', 'STRING', 'CHAR', 'CHAR(3)', 'BPCHAR', 'varchar'],
  INTEGER: ['INTEGER', 'INT', 'INT4', 'SIGNED', 'integer'],
  BIGINT: ['BIGINT', 'INT8', 'LONG'],
  SMALLINT: ['SMALLINT', 'INT2', 'SHORT'],
  TINYINT: ['TINYINT', 'INT1'],
  UTINYINT: ['UTINYINT'],
  USMALLINT: ['USMALLINT'],
  UINTEGER: ['UINTEGER'],
  UBIGINT: ['UBIGINT'],
  UHUGEINT: ['UHUGEINT'],
  HUGEINT: ['HUGEINT', 'INT128'],
  DOUBLE: ['DOUBLE', 'FLOAT8', 'DOUBLE PRECISION'],
  FLOAT: ['FLOAT', 'FLOAT4', 'REAL'],
  'DECIMAL(18,3)': ['DECIMAL', 'NUMERIC'],
  'DECIMAL(10,2)': ['DECIMAL(10,2)', 'NUMERIC(10, 2)'],
  'DECIMAL(38,38)': ['DECIMAL(38,38)'],
  BOOLEAN: ['BOOLEAN', 'BOOL', 'LOGICAL'],
  DATE: ['DATE'],
  TIME: ['TIME'],
  INTERVAL: ['INTERVAL'],
  UUID: ['UUID', 'GUID'],
  JSON: ['JSON'],
  BIT: ['BIT', 'BITSTRING'],
  'TIME WITH TIME ZONE': ['TIMETZ'],
  TIMESTAMP: ['TIMESTAMP', 'DATETIME'],
  TIMESTAMP_S: ['TIMESTAMP_S'],
  TIMESTAMP_MS: ['TIMESTAMP_MS'],
  TIMESTAMP_NS: ['TIMESTAMP_NS'],
  'TIMESTAMP WITH TIME ZONE': ['TIMESTAMPTZ', 'TIMESTAMP WITH TIME ZONE'],
  BLOB: ['BLOB', 'BYTEA', 'BINARY', 'VARBINARY'],
  'INTEGER[]': ['INT[]'],
  'INTEGER[3]': ['INT[3]'],
  'VARCHAR[][2]': ['TEXT[][2]'],
  'STRUCT(a INTEGER)': ['STRUCT(a INT)', 'ROW(a INT)'],
  'STRUCT(a STRUCT(b DECIMAL(4,1)[]), "c d" DATE)': ['struct(a row(b NUMERIC(4,1)[]), "c d" date)'],
  'MAP(VARCHAR, INTEGER)': ['MAP(VARCHAR,INT)'],
  'UNION(a INTEGER, b VARCHAR)': ['UNION(a INT,b VARCHAR)'],
  "ENUM('x', 'y')": ["ENUM('x','y')"],
  "ENUM('it''s', 'y; drop table data')": ["ENUM('it''s','y; drop table data')"],
};

describe('column types', () => {
  it('are shown as the engine names them', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const pairs = Object.entries(SHOWN).flatMap(([shown, requested]) => requested.map((type) => ({ type, shown })));
    const table = await createTable(
      project,
      bucket,
      pairs.map(({ type }, index) => ({ name: `c${index}`, type })),
    );
    const { columns } = await getTable(table);
    expect(columns.map(({ type }, index) => `${pairs[index]?.type} -> ${type}`)).toEqual(
      pairs.map(({ type, shown }) => `${type} -> ${shown}`),
    );
  });

  it('survive a restart of the server', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(
      project,
      bucket,
      Object.fromEntries(Object.keys(SHOWN).map((type, n) => [`c${n}`, type])),
    );
    const before = await getTable(table);
    await server.process.restart();
    const after = mustSucceed(await server.admin.get(table.path));
    expect(after).toEqual(before);
  });
});
