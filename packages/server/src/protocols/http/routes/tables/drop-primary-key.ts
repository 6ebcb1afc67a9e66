import { defineChange } from '../../define-route.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import { renderTable, TableSchema } from '../../schemas/tables.js';

export const dropPrimaryKey = defineChange({
  operation: 'table.drop_primary_key',
  method: 'DELETE',
  path: `${TABLE_PATH}/primary-key`,
  summary: 'Drop the primary key of a table',
  description: 'The columns stay NOT NULL.',
  params: TableParams,
  success: { status: 200, description: 'The table', schema: TableSchema },
  errors: [
    'no_primary_key',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'bucket_is_linked',
    'table_not_found',
    'version_conflict',
    'table_busy',
  ],
  run: ({ services, params }, change) => services.schemas.dropPrimaryKey(change, tableRef(params)),
  render: renderTable,
});
