import { Type, type Static } from 'typebox';
import type { TableRecord } from '../../../metadata/records.js';
import { columnDescription } from '../../../model/column-descriptions.js';
import { nameKey } from '../../../model/columns.js';
import type { NewColumn } from '../services.js';
import { formatOptionalTimestamp, formatTimestamp } from '../timestamps.js';
import { descriptionFrom, descriptionInput } from './descriptions.js';
import { Nullable, OneOf, Shared } from './nullable.js';

export const ColumnSchema = Type.Object(
  {
    name: Type.String(),
    type: Type.String({ description: "The engine's spelling, for example `DECIMAL(18,2)`" }),
    nullable: Type.Boolean(),
    ordinal_position: Type.Integer({ description: 'Counted from 1' }),
    description: Nullable(Type.String()),
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
    updated_at: Type.String({ format: 'date-time', description: 'When rows, columns or descriptions changed' }),
    last_imported_at: Nullable(Type.String({ format: 'date-time' })),
    description: Nullable(Type.String()),
    source: OneOf(['main', 'branch', 'branch_only', 'linked'], {
      description:
        'Where it comes from: `main`; `branch`, when the branch has its own state of it; `branch_only`; `linked`: shown by a linked bucket',
    }),
  },
  { $id: 'Table' },
);

export const TableListSchema = Type.Object(
  { tables: Type.Array(Shared(TableSchema)), total: Type.Integer() },
  { $id: 'TableList' },
);

export const NewColumnSchema = Type.Object(
  {
    name: Type.String(),
    type: Type.String({ description: 'A DuckDB type' }),
    nullable: Type.Optional(Type.Boolean({ description: 'True unless given; key columns are never null' })),
    default: Type.Optional(Nullable(Type.String({ description: "An expression: `'active'`, `0`, `now()`" }))),
    description: Type.Optional(descriptionInput()),
  },
  { $id: 'NewColumn' },
);

export const CreateTableBody = Type.Object(
  {
    name: Type.String(),
    columns: Type.Array(Shared(NewColumnSchema), { minItems: 1 }),
    primary_key: Type.Optional(Nullable(Type.Array(Type.String()))),
    description: Type.Optional(descriptionInput()),
  },
  { $id: 'CreateTable' },
);

export const UpdateTableBody = Type.Object(
  {
    description: Type.Optional(descriptionInput()),
    column_descriptions: Type.Optional(
      Type.Unsafe<Record<string, string | null>>({
        type: 'object',
        additionalProperties: descriptionInput(),
        description: 'By column name; columns that are not named keep theirs',
      }),
    ),
  },
  { $id: 'UpdateTable', description: 'Absent members stay as they are' },
);

/** A column definition as services take it. */
export function columnInput(column: Static<typeof NewColumnSchema>): NewColumn {
  const { name, type, nullable = true, default: value = null } = column;
  return { name, type, nullable, default: value };
}

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
  UpdateTableBody,
  TablePreviewSchema,
];

export function renderColumns(table: TableRecord): Static<typeof ColumnSchema>[] {
  return table.current.columns.map((column, index) => ({
    name: column.name,
    type: column.type,
    nullable: column.nullable,
    ordinal_position: index + 1,
    description: columnDescription(table.columnDescriptions, column.name),
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
    updated_at: formatTimestamp(table.updatedAt),
    last_imported_at: formatOptionalTimestamp(table.lastImportedAt),
    description: table.description,
    source: table.linkedFrom === null ? table.source : 'linked',
  };
}

/** The descriptions in a request that makes a table, by column. */
export function columnDescriptionsFrom(
  columns: readonly { readonly name: string; readonly description?: string | null }[],
): Record<string, string> {
  return Object.fromEntries(
    columns.flatMap(({ name, description }) => {
      const text = descriptionFrom(description);
      return text === null ? [] : [[name, text]];
    }),
  );
}

export function columnDescriptionChanges(
  changes: Readonly<Record<string, string | null>>,
): Record<string, string | null> {
  return Object.fromEntries(Object.entries(changes).map(([name, text]) => [name, descriptionFrom(text)]));
}
