import type { DuckDBConnection } from '@duckdb/node-api';
import type { TableShape } from '../../model/columns.js';
import type { ImportRequest, RejectedRow } from '../../workers/messages.js';
import { dataErrorMessage, importFailedAt, tooManyBadRows } from './import-failure.js';
import { SHOWN_REJECTED_ROWS, SOURCE_ROW, type ImportSource, type RejectedRows } from './import-source.js';
import {
  duplicateKeyError,
  hasRepeatedKey,
  removeEarlierRows,
  repeatedKeysSql,
  type KeyColumn,
} from './key-uniqueness.js';
import { readNumber } from './query.js';
import { findMissingValues, missingValueError, removeMissingValues } from './required-values.js';

/** The rows of the file, converted, when they are needed more than once; in the connection's temporary space, which spills to disk. */
export const INCOMING = 'temp.incoming';

export interface ReadRows {
  /** Rows of the file, rejected ones included. */
  readonly sourceRows: number;
  readonly rejected: RejectedRows;
}

export interface UniqueKeys {
  readonly removedRows: number;
  readonly warnings: readonly string[];
}

const NOTHING_REJECTED: RejectedRows = { count: 0, first: [] };

/** Reads the file straight into `table`. Without rows to skip there is nothing to look at twice, and this is as fast as it gets. */
export async function loadDirectly(
  connection: DuckDBConnection,
  source: ImportSource,
  shape: TableShape,
  table: string,
  columnNames: string,
): Promise<ReadRows> {
  const sourceRows = await explainingMissingValues(connection, source, shape, () =>
    source.load(connection, (select) => `INSERT INTO ${table} (${columnNames}) ${select}`),
  );
  return { sourceRows, rejected: NOTHING_REJECTED };
}

/** Reads the file into `INCOMING`, where afterwards every row can be stored (keys may still repeat). */
export async function stageIncoming(
  connection: DuckDBConnection,
  source: ImportSource,
  request: ImportRequest,
): Promise<ReadRows> {
  const { shape } = request;
  if (request.onError === 'skip') return stageLeniently(connection, source, request);
  await source.load(connection, (select) => `CREATE OR REPLACE TEMP TABLE incoming AS ${select}`);
  const [missing] = (await findMissingValues(connection, shape, source, INCOMING, 'rowid')).first;
  if (missing !== undefined) throw importFailedAt(source.unit, missing);
  const sourceRows = await readNumber(connection, `SELECT count(*) FROM ${INCOMING}`);
  return { sourceRows, rejected: NOTHING_REJECTED };
}

async function stageLeniently(
  connection: DuckDBConnection,
  source: ImportSource,
  request: ImportRequest,
): Promise<ReadRows> {
  const { shape, maxBadRows } = request;
  const unreadable = await source.loadLeniently(connection, 'incoming', maxBadRows);
  if (unreadable.count > maxBadRows) throw tooManyBadRows(unreadable.count, maxBadRows, unreadable.first);
  const readable = await readNumber(connection, `SELECT count(*) FROM ${INCOMING}`);
  const incomplete = await findMissingValues(connection, shape, source, INCOMING, SOURCE_ROW);
  const rejected = {
    count: unreadable.count + incomplete.count,
    first: firstByPlace([...unreadable.first, ...incomplete.first]),
  };
  if (rejected.count > maxBadRows) throw tooManyBadRows(rejected.count, maxBadRows, rejected.first);
  if (incomplete.count > 0) await removeMissingValues(connection, shape, source, INCOMING);
  return { sourceRows: readable + unreadable.count, rejected };
}

function firstByPlace(rows: RejectedRow[]): RejectedRow[] {
  return rows.sort((a, b) => a.line - b.line).slice(0, SHOWN_REJECTED_ROWS);
}

async function explainingMissingValues<T>(
  connection: DuckDBConnection,
  source: ImportSource,
  shape: TableShape,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!dataErrorMessage(error).startsWith('Constraint Error')) throw error;
    throw (await missingValueError(connection, shape, source, error)) ?? error;
  }
}

/**
 * Makes the keys of `table` unique as the mode says: the last row of a key stays, or the import fails. Returns the warning
 * to show, if rows went.
 */
export async function makeKeysUnique(
  connection: DuckDBConnection,
  table: string,
  key: readonly KeyColumn[],
  rowCount: number,
  dedupMode: ImportRequest['dedupMode'],
): Promise<UniqueKeys> {
  if (key.length === 0 || !(await hasRepeatedKey(connection, table, key, rowCount)))
    return { removedRows: 0, warnings: [] };
  if (dedupMode !== 'update_duplicates') {
    throw await duplicateKeyError(connection, key, 'in the file', repeatedKeysSql(table, key));
  }
  const removedRows = await removeEarlierRows(connection, table, key);
  const text =
    removedRows === 1
      ? '1 row with a repeated primary key was replaced by a later row.'
      : `${removedRows} rows with a repeated primary key were replaced by a later row.`;
  return { removedRows, warnings: [text] };
}
