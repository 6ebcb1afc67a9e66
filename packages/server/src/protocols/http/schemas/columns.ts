import { Type, type Static } from 'typebox';
import type { ColumnChanges } from '../../../model/columns.js';
import type { DeletedRows } from '../services.js';
import { Nullable } from './nullable.js';

export const AlterColumnBody = Type.Object(
  {
    new_name: Type.Optional(Nullable(Type.String())),
    new_type: Type.Optional(Nullable(Type.String({ description: 'A DuckDB type; every value is cast to it' }))),
    set_not_null: Type.Optional(
      Nullable(Type.Boolean({ description: 'True: no row may be without a value; false: rows may' })),
    ),
    set_default: Type.Optional(
      Nullable(
        Type.String({ description: "An expression: `'active'`, `0`, `now()`; an empty text drops the default" }),
      ),
    ),
  },
  { $id: 'AlterColumn' },
);

export const AddPrimaryKeyBody = Type.Object(
  { columns: Type.Array(Type.String(), { minItems: 1 }) },
  { $id: 'AddPrimaryKey' },
);

export const DeleteRowsBody = Type.Object(
  {
    where_clause: Type.String({
      description: 'A condition over the columns, without the word WHERE; rows for which it is true are deleted',
    }),
  },
  { $id: 'DeleteRows' },
);

export const DeletedRowsSchema = Type.Object(
  { deleted_rows: Type.Integer(), table_rows_after: Type.Integer() },
  { $id: 'DeletedRows' },
);

export const columnSchemas = [AlterColumnBody, AddPrimaryKeyBody, DeleteRowsBody, DeletedRowsSchema];

/** What is null is not given. */
export function columnChanges(body: Static<typeof AlterColumnBody>): ColumnChanges {
  const { new_name: name, new_type: type, set_not_null: notNull, set_default: value } = body;
  return {
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof type === 'string' ? { type } : {}),
    ...(typeof notNull === 'boolean' ? { nullable: !notNull } : {}),
    ...(typeof value === 'string' ? { default: value === '' ? null : value } : {}),
  };
}

export function renderDeletedRows(result: DeletedRows): Static<typeof DeletedRowsSchema> {
  return { deleted_rows: result.deletedRows, table_rows_after: result.tableRowsAfter };
}
