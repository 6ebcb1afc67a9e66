import type { DuckDBConnection } from '@duckdb/node-api';
import type { DomainError } from '../../errors/domain-error.js';
import { nameKey } from '../../model/columns.js';
import { quoteIdentifier } from '../quoting.js';
import { loadedName, type ImportSource } from './import-source.js';
import { INCOMING } from './incoming.js';
import type { MergeTarget } from './incremental-load.js';
import { duplicateKeyError, type KeyColumn } from './key-uniqueness.js';
import { changeRows, readNumber } from './query.js';
import { forEachRowBatch } from './row-batches.js';
import { hidesRowNumber, isKeyColumn, loadedKey, loadedNames, quotedNames } from './table-columns.js';

/** Rows of the file whose key the table has, by the row numbers of both. */
const MATCHED = 'temp.matched';
/** Those of them that are to be updated, where it is not all of them. */
const CHANGED = 'temp.changed';

/**
 * Finds the rows of `INCOMING` whose key is in the base and returns their number. Ordered by the base, so that a range of it finds its
 * changes in one place; joined and sorted in two steps, because at once they need twice the memory.
 */
export async function matchKeys({ connection, base, shape }: MergeTarget, key: readonly KeyColumn[]): Promise<number> {
  const sameKey = key.map(({ name, sql }) => `b.${quoteIdentifier(name)} = i.${sql}`).join(' AND ');
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE matched_unsorted AS
     SELECT ${hidesRowNumber(shape) ? 'NULL::BIGINT' : 'b.rowid'} AS old_row, i.rowid AS new_row
     FROM ${base} AS b JOIN ${INCOMING} AS i ON ${sameKey}`,
  );
  await connection.run('CREATE OR REPLACE TEMP TABLE matched AS FROM temp.matched_unsorted ORDER BY old_row');
  await connection.run('DROP TABLE temp.matched_unsorted');
  return readNumber(connection, `SELECT count(*) FROM ${MATCHED}`);
}

export function keyKnownError(connection: DuckDBConnection, key: readonly KeyColumn[]): Promise<DomainError> {
  const known = `SELECT i.* FROM ${INCOMING} AS i JOIN ${MATCHED} AS m ON i.rowid = m.new_row ORDER BY m.new_row`;
  return duplicateKeyError(connection, key, 'in the table', known);
}

/** Which of the matched rows are updated. */
export type UpdatedRows = typeof MATCHED | typeof CHANGED;

export const ALL_MATCHED: { readonly rows: UpdatedRows } = { rows: MATCHED };

/**
 * Of the matched rows, those in which some column differs, `ignored` ones not counted. A table that hides its row numbers is not
 * compared: all of its matched rows count.
 */
export async function findChanged(
  { connection, base, shape }: MergeTarget,
  source: ImportSource,
  ignored: readonly string[],
): Promise<{ readonly rows: UpdatedRows; readonly count: number }> {
  if (hidesRowNumber(shape)) {
    return { rows: MATCHED, count: await readNumber(connection, `SELECT count(*) FROM ${MATCHED}`) };
  }
  const ignoredKeys = new Set(ignored.map(nameKey));
  const differences = source.columns.flatMap((column, index) =>
    isKeyColumn(shape, column) || ignoredKeys.has(nameKey(column.name))
      ? []
      : [`b.${quoteIdentifier(column.name)} IS DISTINCT FROM i.${loadedName(index)}`],
  );
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE changed AS
     SELECT m.old_row, m.new_row FROM ${MATCHED} AS m JOIN ${INCOMING} AS i ON i.rowid = m.new_row
     JOIN ${base} AS b ON b.rowid = m.old_row WHERE ${differences.length === 0 ? 'false' : differences.join(' OR ')}
     ORDER BY m.old_row`,
  );
  return { rows: CHANGED, count: await readNumber(connection, `SELECT count(*) FROM ${CHANGED}`) };
}

/** Gives the rows their new values: in the copy, or on the way into a new file. */
export function updateMatched(target: MergeTarget, source: ImportSource, rows: UpdatedRows): Promise<void> {
  if (target.table === target.base) return updateInPlace(target, source, rows);
  return hidesRowNumber(target.shape) ? writeMergedByKey(target, source) : writeMergedInBatches(target, source, rows);
}

/**
 * In the order of the table: updates that come unsorted are merged into what is there one by one, which for a million of them takes
 * minutes instead of seconds.
 */
async function updateInPlace(
  { connection, table, shape }: MergeTarget,
  source: ImportSource,
  rows: UpdatedRows,
): Promise<void> {
  const assignments = source.columns.flatMap((column, index) =>
    isKeyColumn(shape, column) ? [] : [`${quoteIdentifier(column.name)} = u.${loadedName(index)}`],
  );
  await connection.run(
    `UPDATE ${table} AS b SET ${assignments.join(', ')} FROM (${changesSql(rows)} ORDER BY m.old_row) AS u WHERE b.rowid = u.old_row`,
  );
}

/** The new values of known rows, with the row number they belong to. */
function changesSql(rows: UpdatedRows): string {
  return `SELECT true AS hit, m.old_row, i.* FROM ${rows} AS m JOIN ${INCOMING} AS i ON i.rowid = m.new_row`;
}

async function writeMergedInBatches(target: MergeTarget, source: ImportSource, rows: UpdatedRows): Promise<void> {
  const { connection, table, base, baseSize } = target;
  await forEachRowBatch(connection, base, baseSize, (from, to) =>
    connection.run(
      `INSERT INTO ${table} SELECT ${mergedColumns(target, source)}
       FROM (SELECT rowid AS place, ${baseColumns(target)} FROM ${base} WHERE rowid >= ${from} AND rowid < ${to}) AS b
       LEFT JOIN (${changesSql(rows)} WHERE m.old_row >= ${from} AND m.old_row < ${to}) AS i ON i.old_row = b.place
       ORDER BY b.place`,
    ),
  );
}

/** For the rare table with a column that hides the row number. */
async function writeMergedByKey(target: MergeTarget, source: ImportSource): Promise<void> {
  const { connection, table, base, shape } = target;
  const sameKey = loadedKey(shape, source).map(({ name, sql }) => {
    const position = shape.columns.findIndex((column) => column.name === name);
    return `b.${baseName(position)} = i.${sql}`;
  });
  await connection.run(
    `INSERT INTO ${table} SELECT ${mergedColumns(target, source)}
     FROM (SELECT row_number() OVER () AS place, ${baseColumns(target)} FROM ${base}) AS b
     LEFT JOIN (SELECT true AS hit, * FROM ${INCOMING}) AS i ON ${sameKey.join(' AND ')} ORDER BY b.place`,
  );
}

function baseName(position: number): string {
  return `b${position}`;
}

function baseColumns({ shape }: MergeTarget): string {
  return shape.columns.map(({ name }, position) => `${quoteIdentifier(name)} AS ${baseName(position)}`).join(', ');
}

function mergedColumns({ shape }: MergeTarget, source: ImportSource): string {
  const merged = shape.columns.map((column, position) => {
    const index = source.columns.indexOf(column);
    const isUpdated = index !== -1 && !isKeyColumn(shape, column);
    const old = `b.${baseName(position)}`;
    return isUpdated ? `CASE WHEN i.hit THEN i.${loadedName(index)} ELSE ${old} END` : old;
  });
  return merged.join(', ');
}

/** New rows go to the end, in the order of the file; without known ones among them they need no sorting. */
export async function insertUnmatched(target: MergeTarget, source: ImportSource, matchedRows: number): Promise<number> {
  const { connection, table } = target;
  const insert = `INSERT INTO ${table} (${quotedNames(source.columns)}) SELECT ${loadedNames(source)} FROM ${INCOMING} AS i`;
  if (matchedRows === 0) return changeRows(connection, insert);
  let insertedRows = 0;
  const rowCount = await readNumber(connection, `SELECT count(*) FROM ${INCOMING}`);
  const size = { sizeBytes: source.estimatedTableBytes, rowCount, columnCount: source.columns.length };
  await forEachRowBatch(connection, INCOMING, size, async (from, to) => {
    insertedRows += await changeRows(
      connection,
      `${insert} WHERE i.rowid >= ${from} AND i.rowid < ${to}
       AND NOT EXISTS (FROM ${MATCHED} AS m WHERE m.new_row = i.rowid AND m.new_row >= ${from} AND m.new_row < ${to})
       ORDER BY i.rowid`,
    );
  });
  return insertedRows;
}
