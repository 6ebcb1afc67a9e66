import type { DuckDBConnection } from '@duckdb/node-api';

import { readRows } from '../import/query.js';
import { quoteIdentifier } from '../quoting.js';
import { CHANGE, differentOn, equalOn, HIT, listOf, type ComparedShape } from './compared-shape.js';

export interface ChangeCounts {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/**
 * Puts the keys in which two tables differ into `temp.{name}`, each with its `CHANGE`: 'added', 'removed' or 'changed', seen from `before`
 * to `after`. One join, of which only the differences are kept; it spills.
 */
export async function findChangedKeys(
  connection: DuckDBConnection,
  name: string,
  { key, values }: ComparedShape,
  before: string,
  after: string,
): Promise<void> {
  const side = (alias: string, table: string): string =>
    `(SELECT true AS ${HIT}, ${listOf([...key, ...values])} FROM ${table}) AS ${alias}`;
  const merged = key
    .map((column) => quoteIdentifier(column.name))
    .map((column) => `coalesce(b.${column}, a.${column}) AS ${column}`)
    .join(', ');
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${name} AS
     SELECT ${merged},
            CASE WHEN b.${HIT} IS NULL THEN 'added' WHEN a.${HIT} IS NULL THEN 'removed' ELSE 'changed' END AS ${CHANGE}
     FROM ${side('b', before)} FULL JOIN ${side('a', after)} ON ${equalOn(key, 'b', 'a')}
     WHERE b.${HIT} IS NULL OR a.${HIT} IS NULL OR ${differentOn(values, 'b', 'a')}`,
  );
}

export async function countChanges(connection: DuckDBConnection, name: string): Promise<ChangeCounts> {
  const rows = await readRows(connection, `SELECT ${CHANGE}, count(*) FROM temp.${name} GROUP BY ${CHANGE}`);
  const of = (change: string): number => Number(rows.find(([each]) => each === change)?.[1] ?? 0);
  return { added: of('added'), removed: of('removed'), changed: of('changed') };
}
