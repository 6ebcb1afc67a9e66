import type { DuckDBConnection } from '@duckdb/node-api';

import type { JobHandler } from '../../workers/job-context.js';
import type { ComparedRows, CompareRequest } from '../../workers/messages.js';
import { countChanges, findChangedKeys } from '../compare/changed-keys.js';
import { CHANGE, comparedShape, equalOn, listOf, rowOf, type ComparedShape } from '../compare/compared-shape.js';
import { readNumber } from '../import/query.js';
import { dataTable } from '../table-ddl.js';
import { rowsToJson } from '../value-json.js';

/**
 * How the rows of a table differ between two versions: counts, and some of the rows before and after.
 *
 *   with a key      one join by key: added, removed, changed
 *   without         rows as a whole, each as often as it occurs: added, removed
 *
 * The tables stay in the engine; only differences are kept, and only some rows leave it.
 */
export const compareVersions: JobHandler<'compareVersions'> = (request, { database, signal }) =>
  database.withVersion(request.before.version, (before) =>
    database.withVersion(request.after.version, (after) =>
      database.withConnection(signal, (connection) =>
        compare(connection, request, { before: dataTable(before), after: dataTable(after) }),
      ),
    ),
  );

interface Tables {
  readonly before: string;
  readonly after: string;
}

async function compare(connection: DuckDBConnection, request: CompareRequest, tables: Tables): Promise<ComparedRows> {
  const shape = comparedShape(request.before.shape, request.after.shape);
  if (shape.key.length > 0) return compareByKey(connection, request, shape, tables);
  if (shape.values.length > 0) return compareWholeRows(connection, request, shape, tables);
  return { by: 'row', comparedColumns: [], added: 0, removed: 0, changed: 0, rowsJson: '[]' };
}

async function compareByKey(
  connection: DuckDBConnection,
  { maxRows }: CompareRequest,
  shape: ComparedShape,
  { before, after }: Tables,
): Promise<ComparedRows> {
  await findChangedKeys(connection, 'changes', shape, before, after);
  const columns = [...shape.key, ...shape.values];
  const rows = await connection.run(
    `SELECT c.${CHANGE} AS change,
            CASE WHEN c.${CHANGE} <> 'added' THEN ${rowOf(columns, 'b')} END AS before,
            CASE WHEN c.${CHANGE} <> 'removed' THEN ${rowOf(columns, 'a')} END AS after
     FROM (FROM temp.changes ORDER BY ${listOf(shape.key)} LIMIT ${maxRows}) AS c
     LEFT JOIN ${before} AS b ON ${equalOn(shape.key, 'b', 'c')}
     LEFT JOIN ${after} AS a ON ${equalOn(shape.key, 'a', 'c')}
     ORDER BY ${listOf(shape.key, 'c')}`,
  );
  return {
    by: 'key',
    comparedColumns: columns.map(({ name }) => name),
    ...(await countChanges(connection, 'changes')),
    rowsJson: rowsToJson(rows).rowsJson,
  };
}

async function compareWholeRows(
  connection: DuckDBConnection,
  { maxRows }: CompareRequest,
  { values }: ComparedShape,
  { before, after }: Tables,
): Promise<ComparedRows> {
  const only = async (name: string, here: string, there: string): Promise<number> => {
    const names = listOf(values);
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE ${name} AS SELECT ${names} FROM ${here} EXCEPT ALL SELECT ${names} FROM ${there}`,
    );
    return readNumber(connection, `SELECT count(*) FROM temp.${name}`);
  };
  const removed = await only('removed_rows', before, after);
  const added = await only('added_rows', after, before);
  const rows = await connection.run(
    `FROM (SELECT 'removed' AS change, ${rowOf(values, 'r')} AS before, NULL AS after FROM temp.removed_rows AS r
           UNION ALL SELECT 'added', NULL, ${rowOf(values, 'r')} FROM temp.added_rows AS r) LIMIT ${maxRows}`,
  );
  return {
    by: 'row',
    comparedColumns: values.map(({ name }) => name),
    added,
    removed,
    changed: 0,
    rowsJson: rowsToJson(rows).rowsJson,
  };
}
