import type { JobContext, JobHandler } from '../../workers/job-context.js';
import type { TableShape } from '../../model/columns.js';
import type { RowReference } from '../../model/row-condition.js';
import type { DeleteRowsRequest, DeleteRowsResult, ShapedVersion } from '../../workers/messages.js';
import { checkCondition, conditionFailure } from '../checked-expression.js';
import { checksumFile } from '../file-checksum.js';
import { mustNotBeCancelled } from '../import/import-failure.js';
import { changeRows, readNumber } from '../import/query.js';
import { blockSizeFor, buildTableFile, copyBase, type BuiltFile } from '../import/table-file.js';
import { quoteIdentifier } from '../quoting.js';
import { requireColumn, rowConditionSql } from '../row-condition.js';
import { conditionText } from '../row-selection.js';
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
export const deleteRows: JobHandler<'deleteRows'> = (request, context) =>
  withReferences(request.references ?? [], request.shape, context, (conditions) => run(request, context, conditions));

async function run(
  request: DeleteRowsRequest,
  context: JobContext,
  references: readonly string[],
): Promise<DeleteRowsResult> {
  const { base, shape, stagingPath } = request;
  const { condition, matching } = await countMatching(request, context, references);
  if (matching === 0) return { deletedRows: 0, built: null };
  const remove = matching > base.rowCount * LARGE_SHARE ? writeOthers : deleteInPlace;
  const { value: deletedRows, blockSizeBytes } = await remove(request, context, condition, matching).catch(
    (error: unknown) => {
      throw conditionFailure(error, conditionText(request.condition), 'where_clause');
    },
  );
  mustNotBeCancelled(context.signal);
  const file = await checksumFile(stagingPath, context.signal);
  return { deletedRows, built: { shape, rowCount: base.rowCount - deletedRows, ...file, blockSizeBytes } };
}

/** Attaches the other tables, one inside the other, while `use` runs; it gets a condition for each of them. */
async function withReferences<T>(
  references: readonly RowReference<ShapedVersion>[],
  shape: TableShape,
  context: JobContext,
  use: (conditions: readonly string[]) => Promise<T>,
): Promise<T> {
  const [first, ...others] = references;
  if (first === undefined) return await use([]);
  const column = requireColumn(shape, first.column);
  const other = requireColumn(first.table.shape, first.tableColumn);
  return await context.database.withVersion(first.table.version, (alias) => {
    const name = quoteIdentifier(other.name);
    const value = `TRY_CAST(${name} AS ${column.type})`;
    const values = `SELECT ${value} FROM ${dataTable(alias)} WHERE ${value} IS NOT NULL`;
    const condition = `${quoteIdentifier(column.name)} ${first.negated ? 'NOT IN' : 'IN'} (${values})`;
    return withReferences(others, shape, context, (conditions) => use([condition, ...conditions]));
  });
}

function countMatching(
  { base, shape, condition: text }: DeleteRowsRequest,
  { database, signal }: JobContext,
  references: readonly string[],
): Promise<{ condition: string; matching: number }> {
  return database.withVersion(base, (alias) =>
    database.withConnection(signal, async (connection) => {
      const own =
        typeof text === 'string'
          ? await checkCondition(connection, text, shape, 'where_clause')
          : rowConditionSql(text, shape);
      const condition = [own, ...references].map((part) => `(${part})`).join(' AND ');
      try {
        const sql = `SELECT count(*) FROM ${dataTable(alias)} WHERE ${condition}`;
        return { condition, matching: await readNumber(connection, sql) };
      } catch (error) {
        throw conditionFailure(error, conditionText(text), 'where_clause');
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
