import type { Client } from 'pg';

export type Cell = number | string | null;

export interface TableModel {
  readonly columns: string[];
  /** By the first column, `id`. */
  readonly rows: Record<number, Cell[]>;
  comment: string | null;
}

/** The content of a workspace, as far as the script makes it. */
export interface WorkspaceModel {
  readonly tables: Record<string, TableModel>;
  /** Text of the view `v`: the number that it selects. */
  view: number | null;
}

export const EMPTY_WORKSPACE: WorkspaceModel = { tables: {}, view: null };

export function sameContent(left: WorkspaceModel, right: WorkspaceModel): boolean {
  return canonical(left) === canonical(right);
}

function canonical({ tables, view }: WorkspaceModel): string {
  const names = Object.keys(tables).sort();
  return JSON.stringify([
    names.map((name) => [name, tables[name]?.columns, tables[name]?.comment, tables[name]?.rows]),
    view,
  ]);
}

/** What is there, read as any client reads it. */
export async function readWorkspace(client: Client): Promise<WorkspaceModel> {
  const model: WorkspaceModel = { tables: {}, view: null };
  const listed = await client.query<{ name: string; comment: string | null }>(
    "SELECT table_name AS name, comment FROM duckdb_tables() WHERE database_name = 'ws' AND table_name <> '_workspace_info'",
  );
  for (const { name, comment } of listed.rows) {
    // The time of making is nobody's to know before.
    const { rows, fields } = await client.query<Cell[]>({
      text: `SELECT * EXCLUDE (made_at) FROM ${name} ORDER BY id`,
      rowMode: 'array',
    });
    model.tables[name] = {
      columns: fields.map((field) => field.name),
      rows: Object.fromEntries(rows.map((row) => [row[0], row.slice(1)])),
      comment,
    };
  }
  const views = await client.query("SELECT 1 FROM duckdb_views() WHERE database_name = 'ws' AND NOT internal");
  if (views.rowCount !== 0) model.view = (await client.query<{ n: number }>('SELECT n FROM v')).rows[0]?.n ?? null;
  return model;
}
