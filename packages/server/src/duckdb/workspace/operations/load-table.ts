import { DomainError } from '../../../errors/domain-error.js';
import type { ColumnDefinition, TableShape } from '../../../model/columns.js';
import type { WorkspaceTable } from '../../../model/workspace-view.js';
import type { LoadRequest } from '../../../workers/workspace-messages.js';
import { selectionFailure, selectionSql } from '../../row-selection.js';
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
    const selection = { columns: load.columns, filter: load.where, orderBy: null, limit: null };
    const select = await selectionSql(context.connection, held.alias, shape, selection);
    const target = workspaceTable('main', destination);
    return await inTransaction(context, true, async () => {
      const { connection } = context;
      await connection.run(`DROP ${(await kindOf(context, destination)) ?? 'TABLE'} IF EXISTS ${target}`);
      try {
        const result = await connection.run(`CREATE TABLE ${target} AS ${select}`);
        return result.rowsChanged;
      } catch (error) {
        throw selectionFailure(error, selection);
      }
    });
  } finally {
    await held.release();
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
