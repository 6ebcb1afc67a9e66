import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NEVER } from './aborted.js';
import { ComposedPlan } from './composed-query.js';
import { DuckDbSqlConnection } from './duckdb-sql-connection.js';
import type { SqlEngineParts } from './duckdb-sql-engine.js';
import { ObjectChanges } from './object-changes.js';
import { NO_PARAMETERS, type SqlConnectionOptions } from './sql-engine.js';
import type { SqlStatement } from './sql-statement.js';
import { plannable } from './stored-arithmetic.js';
import { WorkspaceFigures } from './workspace-figures.js';

let instance: DuckDBInstance;
let duckdb: DuckDBConnection;
const figures = new WorkspaceFigures();

beforeAll(async () => {
  instance = await DuckDBInstance.create();
  duckdb = await instance.connect();
});
afterAll(() => {
  duckdb.closeSync();
  instance.closeSync();
});

const edited = (sql: string): { sql: string; edits: [] } => ({ sql, edits: [] });

it('a statement that cannot be planned with the arithmetic of PostgreSQL runs without, and is counted', async () => {
  const plain = edited('SELECT 7 / 2');
  expect(await plannable(duckdb, { ...edited('SELECT no_such_macro(7)'), plain }, figures)).toBe(plain);
  await plannable(duckdb, { ...edited('SELECT no_such_macro(8)'), plain }, figures);
  expect(figures.take().fallBacks).toEqual([
    { kind: 'arithmetic', count: 2, statement: 'SELECT 7 / 2', reason: expect.stringContaining('no_such_macro') },
  ]);
  expect(figures.take().fallBacks).toEqual([]);
});

it('one that runs as meant, or that is wrong in itself, is not', async () => {
  await plannable(duckdb, { ...edited('SELECT 1'), plain: edited('SELECT 2') }, figures);
  await plannable(duckdb, { ...edited('SELECT f(1)'), plain: edited('SELECT g(1)') }, figures);
  expect(figures.take().fallBacks).toEqual([]);
});

it('a query whose rows cannot be composed is counted, and its caller told', async () => {
  const connection = new DuckDbSqlConnection(
    {
      database: { figures, exchangeDirectory: '', objectChanges: new ObjectChanges() },
      limits: { heldRowsMemoryBytes: 0, heldRowsBytes: 0 },
    } as unknown as SqlEngineParts,
    {} as SqlConnectionOptions,
    duckdb,
  );
  const query = { ...edited('SELECT composed FROM (no query)'), createEncoder: () => expect.unreachable() };
  const statement = { sql: 'SELECT 1' } as SqlStatement;
  const run = { statement, parameters: NO_PARAMETERS, parameterTypes: [], signal: NEVER };
  expect(await new ComposedPlan().stream(connection, query, run)).toBeUndefined();
  expect(figures.take().fallBacks).toMatchObject([{ kind: 'composed_rows', count: 1, statement: 'SELECT 1' }]);
});
