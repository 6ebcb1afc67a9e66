import { defineChange } from '../../define-route.js';
import { AddPrimaryKeyBody } from '../../schemas/columns.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import { renderTable, TableSchema } from '../../schemas/tables.js';

export const addPrimaryKey = defineChange({
  operation: 'table.add_primary_key',
  method: 'POST',
  path: `${TABLE_PATH}/primary-key`,
  summary: 'Give a table a primary key',
  description: 'The rows must have a value in each of the columns and no key twice. The columns become NOT NULL.',
  params: TableParams,
  body: AddPrimaryKeyBody,
  success: { status: 201, description: 'The table', schema: TableSchema },
  errors: [
    'column_not_found',
    'invalid_primary_key',
    'not_null_violation',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'bucket_is_linked',
    'table_not_found',
    'primary_key_exists',
    'duplicate_key',
    'version_conflict',
    'table_busy',
    'server_busy',
    'deadline_exceeded',
    'out_of_memory',
    'storage_full',
  ],
  run: ({ services, params, body }, change) => services.schemas.addPrimaryKey(change, tableRef(params), body.columns),
  render: renderTable,
});
