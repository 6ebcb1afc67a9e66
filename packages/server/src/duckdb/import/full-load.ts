import type { ImportRequest, ImportResult } from '../../workers/messages.js';
import type { EarlyChecksum } from '../early-checksum.js';
import type { EngineDatabase } from '../engine-database.js';
import { createTableSql, dataTable } from '../table-ddl.js';
import type { ImportSource } from './import-source.js';
import { INCOMING, loadDirectly, makeKeysUnique, stageIncoming, type ReadRows, type UniqueKeys } from './incoming.js';
import { changeRows, readNumber } from './query.js';
import { hidesRowNumber, loadedKey, loadedNames, mustFillNewRows, quotedNames, storedKey } from './table-columns.js';
import { blockSizeFor, buildTableFile, type BuiltFile } from './table-file.js';

export type LoadCounts = Pick<
  ImportResult,
  'rowCount' | 'sourceRows' | 'insertedRows' | 'updatedRows' | 'deletedRows'
> &
  Pick<ReadRows, 'rejected'> & {
    readonly warnings: readonly string[];
    /** Known rows that were left as they are; none when absent. */
    readonly unchangedRows?: number;
  };

/**
 * A new file with the rows of the source. The common case writes each row once, straight from the file into its place, and proves
 * afterwards that no key repeats; rows are taken out only when one does. As it seldom does, the checksum of the file is begun before.
 */
export async function loadFully(
  database: EngineDatabase,
  request: ImportRequest,
  source: ImportSource,
  signal: AbortSignal,
  checksum: EarlyChecksum,
): Promise<BuiltFile<LoadCounts>> {
  const { shape, stagingPath, dedupMode } = request;
  mustFillNewRows(shape, source);
  const options = { blockSizeBytes: blockSizeFor(source.estimatedTableBytes), mergeRowGroups: false };
  const inTwoSteps = request.onError === 'skip' || (shape.primaryKey.length > 0 && hidesRowNumber(shape));
  return buildTableFile(database, stagingPath, options, shape, signal, async (connection, alias) => {
    const table = dataTable(alias);
    const names = quotedNames(source.columns);
    await connection.run(createTableSql(table, shape));
    let read: ReadRows;
    let loadedRows: number;
    let unique: UniqueKeys;
    if (inTwoSteps) {
      read = await stageIncoming(connection, source, request);
      loadedRows = await readNumber(connection, `SELECT count(*) FROM ${INCOMING}`);
      unique = await makeKeysUnique(connection, INCOMING, loadedKey(shape, source), loadedRows, dedupMode);
      await changeRows(connection, `INSERT INTO ${table} (${names}) SELECT ${loadedNames(source)} FROM ${INCOMING}`);
    } else {
      read = await loadDirectly(connection, source, shape, table, names);
      loadedRows = read.sourceRows;
      if (shape.primaryKey.length > 0) {
        await connection.run(`CHECKPOINT ${alias}`);
        await checksum.start();
      }
      unique = await makeKeysUnique(connection, table, storedKey(shape), loadedRows, dedupMode);
    }
    if (unique.removedRows > 0) checksum.discard();
    const rowCount = loadedRows - unique.removedRows;
    return {
      rowCount,
      sourceRows: read.sourceRows,
      insertedRows: rowCount,
      updatedRows: 0,
      deletedRows: request.base.rowCount,
      rejected: read.rejected,
      warnings: unique.warnings,
    };
  });
}
