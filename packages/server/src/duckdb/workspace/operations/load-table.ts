import { DomainError } from '../../../errors/domain-error.js';
import { nameKey, type ColumnDefinition, type TableShape } from '../../../model/columns.js';
import { TIMESTAMP_COLUMN } from '../../../model/row-condition.js';
import type { WorkspaceTable } from '../../../model/workspace-view.js';
import type { LoadRequest } from '../../../workers/workspace-messages.js';
import { quoteIdentifier } from '../../quoting.js';
import { selectedColumns, selectionFailure, selectionSql, type ColumnPrinter } from '../../row-selection.js';
import { inTransaction, workspaceTable, type OperationContext } from './operation-context.js';

type Load = LoadRequest['tables'][number];

/**
 * One table of the project as a table of the workspace, in a transaction of its own; what had the name before is replaced only if it succeeds.
 */
export async function loadTable(context: OperationContext, load: Load, table: WorkspaceTable | null): Promise<number> {
  const { source, destination } = load;
  if (table === null) {
    throw new DomainError('table_not_found', `Table ${source.schema}.${source.table} was not found.`, {
      table: `${source.schema}.${source.table}`,
    });
  }
  const held = await context.database.tables.hold(table);
  try {
    const shape = await shapeOf(context, held.alias);
    const selection = { columns: load.columns, filter: load.where, orderBy: null, limit: load.limit ?? null };
    const print = columnPrinter(load, selectedColumns(shape, load.columns));
    const select = await selectionSql(context.connection, held.alias, shape, selection, print);
    const target = workspaceTable('main', destination);
    return await inTransaction(context, true, async () => {
      const { connection } = context;
      const { appendBy } = load;
      if (appendBy !== undefined && (await kindOf(context, destination)) === 'TABLE') {
        return await append(context, target, select, appendBy, selection);
      }
      await connection.run(`DROP ${(await kindOf(context, destination)) ?? 'TABLE'} IF EXISTS ${target}`);
      try {
        // The number is a row of the answer: `rowsChanged` stays 0 for this statement.
        const made = await connection.runAndReadAll(`CREATE TABLE ${target} AS ${select}`);
        return Number(made.getRows()[0]?.[0] ?? 0);
      } catch (error) {
        throw selectionFailure(error, selection);
      }
    });
  } finally {
    await held.release();
  }
}

/** The names and the form of the columns in the workspace. */
function columnPrinter({ names, textual }: Load, columns: readonly ColumnDefinition[]): ColumnPrinter {
  return (column) => {
    const name = quoteIdentifier(column.name);
    const value = textual === true && column.type !== 'VARCHAR' ? `CAST(${name} AS VARCHAR)` : name;
    return `${value} AS ${quoteIdentifier(names?.[columns.indexOf(column)] ?? column.name)}`;
  };
}

/** Rows with a known key replace the ones that are there; the others are new. */
async function append(
  { connection }: OperationContext,
  target: string,
  select: string,
  key: readonly string[],
  selection: Parameters<typeof selectionFailure>[1],
): Promise<number> {
  const columnsOf = async (relation: string): Promise<string[]> =>
    (await connection.runAndReadAll(`DESCRIBE ${relation}`)).getRows().map(([name]) => String(name));
  const [there, coming] = [await columnsOf(target), await columnsOf(select)];
  const keys = new Set(coming.map(nameKey));
  const missing = there.filter((name) => !keys.has(nameKey(name)) && nameKey(name) !== TIMESTAMP_COLUMN);
  const known = new Set(there.map(nameKey));
  const unexpected = coming.filter((name) => !known.has(nameKey(name)));
  if (missing.length > 0 || unexpected.length > 0) {
    throw new DomainError('column_mismatch', 'The columns of the source are not those of the table in the workspace', {
      missing,
      unexpected,
    });
  }
  try {
    if (key.length > 0) {
      const same = key.map((name) => `t.${quoteIdentifier(name)} = s.${quoteIdentifier(name)}`).join(' AND ');
      await connection.run(`DELETE FROM ${target} AS t USING (${select}) AS s WHERE ${same}`);
    }
    return (await connection.run(`INSERT INTO ${target} BY NAME ${select}`)).rowsChanged;
  } catch (error) {
    throw selectionFailure(error, selection);
  }
}

async function shapeOf({ connection }: OperationContext, alias: string): Promise<TableShape> {
  const rows = (await connection.runAndReadAll(`DESCRIBE ${alias}.main.data`)).getRows();
  const columns = rows.map(([name, type]): ColumnDefinition => ({
    name: String(name),
    type: String(type),
    nullable: true,
    default: null,
  }));
  return { columns, primaryKey: [] };
}

/** What has the name in `main`, compared without case. */
export async function kindOf({ connection }: OperationContext, name: string): Promise<'TABLE' | 'VIEW' | undefined> {
  const reader = await connection.runAndReadAll(
    `SELECT 'TABLE' FROM system.main.duckdb_tables()
     WHERE database_name = 'ws' AND schema_name = 'main' AND lower(table_name) = lower($name)
     UNION ALL
     SELECT 'VIEW' FROM system.main.duckdb_views()
     WHERE database_name = 'ws' AND schema_name = 'main' AND NOT internal AND lower(view_name) = lower($name)`,
    { name },
  );
  const kind = reader.getRows()[0]?.[0];
  return kind === 'TABLE' || kind === 'VIEW' ? kind : undefined;
}
