import type { JobContext, JobHandler } from '../../workers/job-context.js';
import type { DeleteRowsRequest } from '../../workers/messages.js';
import { checkCondition, conditionFailure } from '../checked-expression.js';
import { checksumFile } from '../file-checksum.js';
import { mustNotBeCancelled } from '../import/import-failure.js';
import { changeRows, readNumber } from '../import/query.js';
import { blockSizeFor, buildTableFile, copyBase, type BuiltFile } from '../import/table-file.js';
import { createTableSql, dataTable } from '../table-ddl.js';

/** From this share of the rows on, writing those that stay is faster than marking those that go, and the file is as small as it can be. */
const LARGE_SHARE = 1 / 2;

/**
 * The next version of a table without the rows for which the condition is true.
 *
 *   count ─► none: no version
 *         ─► few:  copy of the file, DELETE in place
 *         ─► many: the other rows into a new file, in order
 */
export const deleteRows: JobHandler<'deleteRows'> = async (request, context) => {
  const { base, shape, stagingPath } = request;
  const { condition, matching } = await countMatching(request, context);
  if (matching === 0) return { deletedRows: 0, built: null };
  const remove = matching > base.rowCount * LARGE_SHARE ? writeOthers : deleteInPlace;
  const { value: deletedRows, blockSizeBytes } = await remove(request, context, condition, matching).catch(
    (error: unknown) => {
      throw conditionFailure(error, request.condition, 'where_clause');
    },
  );
  mustNotBeCancelled(context.signal);
  const file = await checksumFile(stagingPath, context.signal);
  return { deletedRows, built: { shape, rowCount: base.rowCount - deletedRows, ...file, blockSizeBytes } };
};

function countMatching(
  { base, shape, condition: text }: DeleteRowsRequest,
  { database, signal }: JobContext,
): Promise<{ condition: string; matching: number }> {
  return database.withVersion(base, (alias) =>
    database.withConnection(signal, async (connection) => {
      const condition = await checkCondition(connection, text, shape, 'where_clause');
      try {
        const sql = `SELECT count(*) FROM ${dataTable(alias)} WHERE ${condition}`;
        return { condition, matching: await readNumber(connection, sql) };
      } catch (error) {
        throw conditionFailure(error, text, 'where_clause');
      }
    }),
  );
}

async function deleteInPlace(
  { base, shape, stagingPath }: DeleteRowsRequest,
  { database, signal }: JobContext,
  condition: string,
): Promise<BuiltFile<number>> {
  await copyBase(base, stagingPath);
  const { blockSizeBytes } = base;
  return buildTableFile(database, stagingPath, { blockSizeBytes }, shape, signal, (connection, alias) =>
    changeRows(connection, `DELETE FROM ${dataTable(alias)} WHERE ${condition}`),
  );
}

async function writeOthers(
  { base, shape, stagingPath }: DeleteRowsRequest,
  { database, signal }: JobContext,
  condition: string,
  matching: number,
): Promise<BuiltFile<number>> {
  const remainingBytes = base.sizeBytes * (1 - matching / base.rowCount);
  const options = { blockSizeBytes: blockSizeFor(remainingBytes) };
  return database.withVersion(base, (baseAlias) =>
    buildTableFile(database, stagingPath, options, shape, signal, async (connection, alias) => {
      await connection.run(createTableSql(dataTable(alias), shape));
      const others = `SELECT * FROM ${dataTable(baseAlias)} WHERE NOT coalesce(CAST(${condition} AS BOOLEAN), false)`;
      return base.rowCount - (await changeRows(connection, `INSERT INTO ${dataTable(alias)} ${others}`));
    }),
  );
}
