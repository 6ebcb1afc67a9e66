import { basename, extname } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ImportRequest } from '../../workers/messages.js';
import { LARGE_BLOCK_BYTES, LARGE_TABLE_BYTES, type EngineDatabase } from '../engine-database.js';
import { createTableSql, dataTable } from '../table-ddl.js';
import type { TableShape } from '../../model/columns.js';
import type { LoadCounts } from './full-load.js';
import type { ImportSource } from './import-source.js';
import { INCOMING, loadDirectly, makeKeysUnique, stageIncoming } from './incoming.js';
import { changeRows, readMemoryLimit, readNumber } from './query.js';
import {
  hidesRowNumber,
  isKeyColumn,
  loadedKey,
  loadedNames,
  movesWhenUpdated,
  mustFillNewRows,
  quotedNames,
} from './table-columns.js';
import type { StoredSize } from './row-batches.js';
import { blockSizeFor, buildTableFile, copyBase, type BuiltFile } from './table-file.js';
import { ALL_MATCHED, findChanged, insertUnmatched, keyKnownError, matchKeys, updateMatched } from './upsert.js';

/** A change of this part of the table, by bytes, is written faster into a new file than updated in place. */
const LARGE_CHANGE = 1 / 3;
/** Of the engine's memory, what the changed rows may measure as stored; uncompressed and with their bookkeeping they are several times that. */
const UPDATE_MEMORY = 1 / 16;

/** Where the rows before the import are, and where those after it go. */
export interface MergeTarget {
  readonly connection: DuckDBConnection;
  /** The table of the new version. */
  readonly table: string;
  /** The table of the base version; the same as `table` when the file began as a copy. */
  readonly base: string;
  readonly baseSize: StoredSize;
  readonly shape: TableShape;
}

/**
 * The rows of the base version with those of the file merged in.
 *
 *   in place   copy the file, UPDATE and INSERT in the copy      rows keep their place because updated columns do
 *   rewritten  write all rows anew, in order, then the new ones  when updates would move rows, or the blocks are too small
 */
export async function loadIncrementally(
  database: EngineDatabase,
  request: ImportRequest,
  source: ImportSource,
  signal: AbortSignal,
): Promise<BuiltFile<LoadCounts>> {
  const { base, shape, stagingPath } = request;
  const resultBytes = base.sizeBytes + source.estimatedTableBytes;
  const baseSize = { ...base, columnCount: shape.columns.length };
  const memoryBytes = await database.withConnection(signal, readMemoryLimit);
  if (!mustRewrite(request, source, resultBytes) && !isLargeChange(request, source, memoryBytes)) {
    await copyBase(base, stagingPath);
    return buildTableFile(database, stagingPath, base, shape, signal, (connection, alias) =>
      merge({ connection, table: dataTable(alias), base: dataTable(alias), baseSize, shape }, request, source),
    );
  }
  return database.withVersion({ id: versionId(base.path), path: base.path }, (baseAlias) =>
    buildTableFile(
      database,
      stagingPath,
      { blockSizeBytes: blockSizeFor(resultBytes) },
      shape,
      signal,
      async (connection, alias) => {
        await connection.run(createTableSql(dataTable(alias), shape));
        return merge(
          { connection, table: dataTable(alias), base: dataTable(baseAlias), baseSize, shape },
          request,
          source,
        );
      },
    ),
  );
}

/** Files are named after their version; a reader in this process may have attached it under that id, and only one can. */
function versionId(path: string): string {
  return basename(path, extname(path));
}

function mustRewrite({ base, shape }: ImportRequest, source: ImportSource, resultBytes: number): boolean {
  const outgrows = base.blockSizeBytes < LARGE_BLOCK_BYTES && resultBytes > LARGE_TABLE_BYTES;
  if (outgrows || base.rowCount === 0) return true;
  if (shape.primaryKey.length === 0) return false;
  const updated = source.columns.filter((column) => !isKeyColumn(shape, column));
  return updated.some(movesWhenUpdated) || hidesRowNumber(shape);
}

/**
 * Updates in place are kept in memory until they are committed, and for large parts of a table they are slower than writing it anew,
 * which spills. Without a key there are no updates.
 */
function isLargeChange({ base, shape }: ImportRequest, source: ImportSource, memoryBytes: number): boolean {
  if (shape.primaryKey.length === 0) return false;
  const { estimatedTableBytes } = source;
  return estimatedTableBytes > base.sizeBytes * LARGE_CHANGE || estimatedTableBytes > memoryBytes * UPDATE_MEMORY;
}

async function merge(target: MergeTarget, request: ImportRequest, source: ImportSource): Promise<LoadCounts> {
  return request.shape.primaryKey.length === 0 ? append(target, request, source) : upsert(target, request, source);
}

async function append(target: MergeTarget, request: ImportRequest, source: ImportSource): Promise<LoadCounts> {
  const { connection, table } = target;
  const { shape, base } = request;
  mustFillNewRows(shape, source);
  const names = quotedNames(source.columns);
  await copyBaseRows(target);
  let read;
  if (request.onError === 'skip') {
    read = await stageIncoming(connection, source, request);
    await changeRows(connection, `INSERT INTO ${table} (${names}) SELECT ${loadedNames(source)} FROM ${INCOMING}`);
  } else {
    read = await loadDirectly(connection, source, shape, table, names);
  }
  const rowCount = await readNumber(connection, `SELECT count(*) FROM ${table}`);
  return { ...read, rowCount, insertedRows: rowCount - base.rowCount, updatedRows: 0, deletedRows: 0, warnings: [] };
}

async function upsert(target: MergeTarget, request: ImportRequest, source: ImportSource): Promise<LoadCounts> {
  const { connection, table } = target;
  const { shape, dedupMode } = request;
  const read = await stageIncoming(connection, source, request);
  const staged = await readNumber(connection, `SELECT count(*) FROM ${INCOMING}`);
  const key = loadedKey(shape, source);
  const { removedRows, warnings } = await makeKeysUnique(connection, INCOMING, key, staged, dedupMode);
  const matchedRows = await matchKeys(target, key);
  if (matchedRows > 0 && dedupMode !== 'update_duplicates') throw await keyKnownError(connection, key);
  if (staged - removedRows > matchedRows) mustFillNewRows(shape, source);
  const hasUpdates = source.columns.some((column) => !isKeyColumn(shape, column));
  const { keepUnchangedBut } = request;
  const updated =
    keepUnchangedBut === undefined || matchedRows === 0
      ? { ...ALL_MATCHED, count: matchedRows }
      : await findChanged(target, source, keepUnchangedBut);
  if (updated.count > 0 && hasUpdates) await updateMatched(target, source, updated.rows);
  else await copyBaseRows(target);
  const insertedRows = await insertUnmatched(target, source, matchedRows);
  return {
    ...read,
    rowCount: await readNumber(connection, `SELECT count(*) FROM ${table}`),
    insertedRows,
    updatedRows: hasUpdates ? updated.count : 0,
    unchangedRows: matchedRows - (hasUpdates ? updated.count : 0),
    deletedRows: 0,
    warnings,
  };
}

/** The base rows into a new file, in order; nothing to do in a copy. */
async function copyBaseRows({ connection, table, base }: MergeTarget): Promise<void> {
  if (table !== base) await connection.run(`INSERT INTO ${table} SELECT * FROM ${base}`);
}
