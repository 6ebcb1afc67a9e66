import { Type, type Static } from 'typebox';
import type { TableRecord } from '../../../metadata/records.js';
import { nameKey } from '../../../model/columns.js';
import { formatOptionalTimestamp, formatTimestamp } from '../timestamps.js';
import { Nullable, Shared } from './nullable.js';

export const ColumnSchema = Type.Object(
  {
    name: Type.String(),
    type: Type.String({ description: "The engine's spelling, for example `DECIMAL(18,2)`" }),
    nullable: Type.Boolean(),
    ordinal_position: Type.Integer({ description: 'Counted from 1' }),
  },
  { $id: 'Column' },
);

export const TableSchema = Type.Object(
  {
    name: Type.String(),
    bucket: Type.String(),
    columns: Type.Array(Shared(ColumnSchema)),
    row_count: Type.Integer(),
    size_bytes: Type.Integer(),
    primary_key: Type.Array(Type.String()),
    created_at: Nullable(Type.String({ format: 'date-time' })),
    last_imported_at: Nullable(Type.String({ format: 'date-time' })),
    source: Type.String({ description: '`main` or `branch`' }),
  },
  { $id: 'Table' },
);

export const TableListSchema = Type.Object(
  { tables: Type.Array(Shared(TableSchema)), total: Type.Integer() },
  { $id: 'TableList' },
);

const NewColumnSchema = Type.Object(
  {
    name: Type.String(),
    type: Type.String({ description: 'A DuckDB type' }),
    nullable: Type.Optional(Type.Boolean({ description: 'True unless given; key columns are never null' })),
    default: Type.Optional(Nullable(Type.String({ description: "An expression: `'active'`, `0`, `now()`" }))),
  },
  { $id: 'NewColumn' },
);

export const CreateTableBody = Type.Object(
  {
    name: Type.String(),
    columns: Type.Array(Shared(NewColumnSchema), { minItems: 1 }),
    primary_key: Type.Optional(Nullable(Type.Array(Type.String()))),
  },
  { $id: 'CreateTable' },
);

export const TablePreviewSchema = Type.Object(
  {
    columns: Type.Array(Shared(ColumnSchema)),
    rows: Type.Array(Type.Object({}, { additionalProperties: true, description: 'Values by column name' })),
    total_row_count: Type.Integer(),
    preview_row_count: Type.Integer(),
  },
  { $id: 'TablePreview' },
);

export const tableSchemas = [
  ColumnSchema,
  TableSchema,
  TableListSchema,
  NewColumnSchema,
  CreateTableBody,
  TablePreviewSchema,
];

export function renderColumns(table: TableRecord): Static<typeof ColumnSchema>[] {
  return table.current.columns.map((column, index) => ({
    name: column.name,
    type: column.type,
    nullable: column.nullable,
    ordinal_position: index + 1,
  }));
}

/** The columns of a selection in its order; names are compared as the engine does. */
export function renderSelectedColumns(
  table: TableRecord,
  selected: readonly string[] | null,
): Static<typeof ColumnSchema>[] {
  const all = renderColumns(table);
  if (selected === null) return all;
  const byKey = new Map(all.map((column) => [nameKey(column.name), column]));
  return selected.flatMap((name) => byKey.get(nameKey(name)) ?? []);
}

export function renderTable(table: TableRecord): Static<typeof TableSchema> {
  return {
    name: table.name,
    bucket: table.bucketName,
    columns: renderColumns(table),
    row_count: table.current.rowCount,
    size_bytes: table.current.sizeBytes,
    primary_key: [...table.current.primaryKey],
    created_at: formatTimestamp(table.createdAt),
    last_imported_at: formatOptionalTimestamp(table.lastImportedAt),
    source: 'main',
  };
}
