import type { JobHandler } from '../../workers/job-context.js';
import { checkShapeDefinition } from '../checked-shape.js';
import { SMALL_BLOCK_BYTES } from '../engine-database.js';
import { checksumFile } from '../file-checksum.js';
import { createTableSql, dataTable } from '../table-ddl.js';

/** Checks types and defaults, and builds an empty file of small blocks. */
export const createTable: JobHandler<'createTable'> = async ({ stagingPath, shape }, { database, signal }) => {
  const checked = await database.withConnection(signal, (connection) => checkShapeDefinition(connection, shape));
  await database.withStagedFile(
    stagingPath,
    { blockSizeBytes: SMALL_BLOCK_BYTES },
    signal,
    async (connection, alias) => {
      await connection.run(createTableSql(dataTable(alias), checked));
    },
  );
  const file = await checksumFile(stagingPath, signal);
  return { shape: checked, rowCount: 0, ...file, blockSizeBytes: SMALL_BLOCK_BYTES };
};
