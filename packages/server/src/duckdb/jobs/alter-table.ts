import type { JobContext, JobHandler } from '../../workers/job-context.js';
import type { AlterTableRequest, BuiltVersion } from '../../workers/messages.js';
import { prepareAddColumn } from '../alter/add-column.js';
import { prepareAddPrimaryKey } from '../alter/add-primary-key.js';
import { prepareAlterColumn } from '../alter/alter-column.js';
import type { PreparedAlteration } from '../alter/alteration.js';
import { prepareDropColumn } from '../alter/drop-column.js';
import { SMALL_BLOCK_BYTES } from '../engine-database.js';
import { checksumFile } from '../file-checksum.js';
import { mustNotBeCancelled } from '../import/import-failure.js';
import { buildTableFile, copyBase } from '../import/table-file.js';
import { createTableSql, dataTable } from '../table-ddl.js';

/**
 * The next version of a table with another shape: a copy of the file, altered in place. That is five times faster than writing the rows
 * anew, and rows keep their order by themselves.
 *
 *   request ─► names, types and defaults checked ─► copy ─► ALTER … ─► CHECKPOINT
 *                    └─ nothing about the file changes: no copy          └─ the rows do not permit it: 400, the copy goes
 */
export const alterTable: JobHandler<'alterTable'> = async (request, context) => {
  const { base, stagingPath } = request;
  const { database, signal } = context;
  const { shape, apply } = await prepare(request, context);
  if (apply === null) return { shape, built: null };
  const isEmpty = base.rowCount === 0;
  if (!isEmpty) await copyBase(base, stagingPath);
  const options = { blockSizeBytes: isEmpty ? SMALL_BLOCK_BYTES : base.blockSizeBytes };
  const { blockSizeBytes } = await buildTableFile(
    database,
    stagingPath,
    options,
    shape,
    signal,
    async (connection, alias) => {
      const table = dataTable(alias);
      if (isEmpty) await connection.run(createTableSql(table, shape));
      else await apply({ connection, table });
    },
  );
  mustNotBeCancelled(signal);
  const file = await checksumFile(stagingPath, signal);
  return { shape, built: { shape, rowCount: base.rowCount, ...file, blockSizeBytes } satisfies BuiltVersion };
};

function prepare(
  { alteration, shape, base }: AlterTableRequest,
  { database, signal }: JobContext,
): Promise<PreparedAlteration> {
  return database.withConnection(signal, async (connection) => {
    switch (alteration.kind) {
      case 'addColumn':
        return prepareAddColumn(connection, shape, alteration.column, base.rowCount);
      case 'alterColumn':
        return prepareAlterColumn(connection, shape, alteration.column, alteration.changes, base.rowCount);
      case 'dropColumn':
        return prepareDropColumn(shape, alteration.column);
      case 'addPrimaryKey':
        return database.withVersion(base, (alias) =>
          prepareAddPrimaryKey(connection, dataTable(alias), shape, alteration.columns, base.rowCount),
        );
    }
  });
}
