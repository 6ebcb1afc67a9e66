import type { OperationResult } from '../../../workers/workspace-messages.js';
import { quoteIdentifier } from '../../quoting.js';
import { kindOf } from './load-table.js';
import { inTransaction, workspaceTable, type OperationContext } from './operation-context.js';

const REMOVABLE = `
  SELECT 'VIEW', view_name FROM system.main.duckdb_views()
  WHERE database_name = 'ws' AND schema_name = 'main' AND NOT internal
  UNION ALL
  SELECT DISTINCT CASE function_type WHEN 'table_macro' THEN 'MACRO TABLE' ELSE 'MACRO' END, function_name
  FROM system.main.duckdb_functions() WHERE database_name = 'ws' AND schema_name = 'main' AND NOT internal
  UNION ALL
  SELECT 'TABLE', table_name FROM system.main.duckdb_tables()
  WHERE database_name = 'ws' AND schema_name = 'main' AND NOT internal AND table_name <> '_workspace_info'
  UNION ALL
  SELECT 'SEQUENCE', sequence_name FROM system.main.duckdb_sequences() WHERE database_name = 'ws' AND schema_name = 'main'
  UNION ALL
  SELECT 'TYPE', type_name FROM system.main.duckdb_types()
  WHERE database_name = 'ws' AND schema_name = 'main' AND NOT internal`;

const SCHEMAS = `
  SELECT schema_name FROM system.main.duckdb_schemas()
  WHERE database_name = 'ws' AND NOT internal AND schema_name <> 'main'`;

/** Everything but what the service itself keeps in the file. One transaction: all or nothing. */
export async function clearWorkspace(context: OperationContext): Promise<OperationResult<'clear'>> {
  const { connection, database } = context;
  await inTransaction(context, false, async () => {
    for (const [schema] of (await connection.runAndReadAll(SCHEMAS)).getRows()) {
      await connection.run(`DROP SCHEMA ws.${quoteIdentifier(String(schema))} CASCADE`);
    }
    for (;;) {
      const objects = (await connection.runAndReadAll(REMOVABLE)).getRows();
      if (objects.length === 0) return;
      await dropRound(context, objects);
    }
  });
  await database.checkpoint();
  return { sizeBytes: await database.size.sizeBytes() };
}

/** What others refer to is dropped in a later round, after them; a round that drops nothing is an error. */
async function dropRound(context: OperationContext, objects: readonly (readonly unknown[])[]): Promise<void> {
  let dropped = 0;
  let firstError: unknown;
  for (const [kind, name] of objects) {
    try {
      await context.connection.run(`DROP ${String(kind)} IF EXISTS ${workspaceTable('main', String(name))}`);
      dropped += 1;
    } catch (error) {
      if (context.signal.aborted) throw error;
      firstError ??= error;
    }
  }
  if (dropped === 0) throw firstError;
}

/** A table or view of `main`. */
export async function dropObject(context: OperationContext, name: string): Promise<OperationResult<'dropObject'>> {
  const kind = name.startsWith('_') ? undefined : await kindOf(context, name);
  if (kind !== undefined) {
    await inTransaction(context, false, () => context.connection.run(`DROP ${kind} ${workspaceTable('main', name)}`));
    await context.database.checkpoint();
  }
  return { dropped: kind !== undefined, sizeBytes: await context.database.size.sizeBytes() };
}
