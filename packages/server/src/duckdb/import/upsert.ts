import type { DuckDBConnection } from '@duckdb/node-api';
import type { DomainError } from '../../errors/domain-error.js';
import type { TableShape } from '../../model/columns.js';
import { quoteIdentifier } from '../quoting.js';
import { loadedName, type ImportSource } from './import-source.js';
import { INCOMING } from './incoming.js';
import type { MergeTarget } from './incremental-load.js';
import { duplicateKeyError, type KeyColumn } from './key-uniqueness.js';
import { changeRows, readNumber } from './query.js';
import { isKeyColumn, loadedKey, loadedNames, quotedNames } from './table-columns.js';

/** Rows of the file whose key the table has, by the row numbers of both. */
const MATCHED = 'temp.matched';

/**
 * Finds the rows of `INCOMING` whose key is in the base and returns their number. Row numbers of the base are of use in a copy only, and
 * cannot be had when a column hides them.
 */
export async function matchKeys({ connection, base, table }: MergeTarget, key: readonly KeyColumn[]): Promise<number> {
  const oldRow = table === base ? 'b.rowid' : 'NULL::BIGINT';
  const sameKey = key.map(({ name, sql }) => `b.${quoteIdentifier(name)} = i.${sql}`).join(' AND ');
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE matched AS
     SELECT ${oldRow} AS old_row, i.rowid AS new_row FROM ${base} AS b JOIN ${INCOMING} AS i ON ${sameKey}`,
  );
  return readNumber(connection, `SELECT count(*) FROM ${MATCHED}`);
}

export function keyKnownError(connection: DuckDBConnection, key: readonly KeyColumn[]): Promise<DomainError> {
  const known = `SELECT i.* FROM ${INCOMING} AS i JOIN ${MATCHED} AS m ON i.rowid = m.new_row ORDER BY m.new_row`;
  return duplicateKeyError(connection, key, 'in the table', known);
}

/** Gives the matched rows their new values: in the copy, or on the way into a new file. */
export function updateMatched(target: MergeTarget, shape: TableShape, source: ImportSource): Promise<void> {
  return target.table === target.base ? updateInPlace(target, shape, source) : writeMergedRows(target, shape, source);
}

/**
 * In the order of the table: updates that come unsorted are merged into what is there one by one, which for a million of them takes
 * minutes instead of seconds.
 */
async function updateInPlace(
  { connection, table }: MergeTarget,
  shape: TableShape,
  source: ImportSource,
): Promise<void> {
  const assignments = source.columns.flatMap((column, index) =>
    isKeyColumn(shape, column) ? [] : [`${quoteIdentifier(column.name)} = u.${loadedName(index)}`],
  );
  await connection.run(
    `UPDATE ${table} AS b SET ${assignments.join(', ')}
     FROM (SELECT m.old_row, i.* FROM ${MATCHED} AS m JOIN ${INCOMING} AS i ON i.rowid = m.new_row ORDER BY m.old_row) AS u
     WHERE b.rowid = u.old_row`,
  );
}

async function writeMergedRows(
  { connection, table, base }: MergeTarget,
  shape: TableShape,
  source: ImportSource,
): Promise<void> {
  const baseName = (position: number): string => `b${position}`;
  const merged = shape.columns.map((column, position) => {
    const index = source.columns.indexOf(column);
    const isUpdated = index !== -1 && !isKeyColumn(shape, column);
    const old = `b.${baseName(position)}`;
    return isUpdated ? `CASE WHEN i.hit THEN i.${loadedName(index)} ELSE ${old} END` : old;
  });
  const baseColumns = shape.columns.map(({ name }, position) => `${quoteIdentifier(name)} AS ${baseName(position)}`);
  const sameKey = loadedKey(shape, source).map(({ name, sql }) => {
    const position = shape.columns.findIndex((column) => column.name === name);
    return `b.${baseName(position)} = i.${sql}`;
  });
  await connection.run(
    `INSERT INTO ${table} SELECT ${merged.join(', ')}
     FROM (SELECT row_number() OVER () AS place, ${baseColumns.join(', ')} FROM ${base}) AS b
     LEFT JOIN (SELECT true AS hit, * FROM ${INCOMING}) AS i ON ${sameKey.join(' AND ')} ORDER BY b.place`,
  );
}

/** New rows go to the end, in the order of the file. */
export function insertUnmatched({ connection, table }: MergeTarget, source: ImportSource): Promise<number> {
  return changeRows(
    connection,
    `INSERT INTO ${table} (${quotedNames(source.columns)})
     SELECT ${loadedNames(source)} FROM ${INCOMING} AS i
     WHERE NOT EXISTS (FROM ${MATCHED} AS m WHERE m.new_row = i.rowid) ORDER BY i.rowid`,
  );
}
