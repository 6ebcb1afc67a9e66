import type { OperationResult, WorkspaceObject } from '../../../workers/workspace-messages.js';
import { usePath, workspaceTable, type OperationContext } from './operation-context.js';

const OBJECTS = `
  SELECT schema_name, table_name, 'table' FROM system.main.duckdb_tables()
  WHERE database_name = 'ws' AND NOT internal AND NOT starts_with(table_name, '_')
  UNION ALL
  SELECT schema_name, view_name, 'view' FROM system.main.duckdb_views()
  WHERE database_name = 'ws' AND NOT internal AND NOT starts_with(view_name, '_')
  ORDER BY 1, 2`;

const COLUMNS = `
  SELECT schema_name, table_name, column_name, data_type, is_nullable FROM system.main.duckdb_columns()
  WHERE database_name = 'ws' AND NOT internal ORDER BY schema_name, table_name, column_index`;

/** A view may count for hours: beyond this its rows are not told. */
const VIEW_COUNT_TIMEOUT_MS = 2_000;

/** What is in the workspace. Names that begin with `_` are the service's. */
export async function inspectWorkspace(context: OperationContext): Promise<OperationResult<'inspect'>> {
  const { connection, database } = context;
  const found = (await connection.runAndReadAll(OBJECTS)).getRows();
  const columns = new Map<string, WorkspaceObject['columns'][number][]>();
  for (const [schema, table, name, type, nullable] of (await connection.runAndReadAll(COLUMNS)).getRows()) {
    const key = JSON.stringify([schema, table]);
    const column = { name: String(name), type: String(type), nullable: nullable === true };
    columns.set(key, [...(columns.get(key) ?? []), column]);
  }
  const objects: WorkspaceObject[] = [];
  for (const [schema, name, type] of found) {
    const object = { schema: String(schema), name: String(name), type: type === 'view' ? 'view' : 'table' } as const;
    objects.push({
      ...object,
      rows: await countRows(context, object),
      columns: columns.get(JSON.stringify([schema, name])) ?? [],
    });
  }
  return { objects, sizeBytes: await database.size.sizeBytes() };
}

async function countRows(
  context: OperationContext,
  object: { readonly schema: string; readonly name: string; readonly type: 'table' | 'view' },
): Promise<number | null> {
  const { connection, signal } = context;
  const sql = `SELECT count(*) FROM ${workspaceTable(object.schema, object.name)}`;
  if (object.type === 'table') return numberIn(await connection.runAndReadAll(sql));
  const timer = setTimeout(() => connection.interrupt(), VIEW_COUNT_TIMEOUT_MS);
  try {
    await usePath(context, sql);
    return numberIn(await connection.runAndReadAll(sql));
  } catch (error) {
    // What the view reads is gone, or takes too long; the view itself is still there.
    if (signal.aborted) throw error;
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function numberIn(reader: { getRows(): readonly (readonly unknown[])[] }): number {
  return Number(reader.getRows()[0]?.[0] ?? 0);
}
