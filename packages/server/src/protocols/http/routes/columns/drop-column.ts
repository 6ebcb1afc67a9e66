import { defineChange } from '../../define-route.js';
import { COLUMN_PATH, ColumnParams, tableRef } from '../../schemas/paths.js';
import { renderTable, TableSchema } from '../../schemas/tables.js';

export const dropColumn = defineChange({
  operation: 'column.drop',
  method: 'DELETE',
  path: COLUMN_PATH,
  summary: 'Drop a column',
  params: ColumnParams,
  success: { status: 200, description: 'The table', schema: TableSchema },
  errors: [
    'cannot_drop_last_column',
    'column_in_primary_key',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'bucket_is_linked',
    'table_not_found',
    'column_not_found',
    'version_conflict',
    'table_busy',
    'server_busy',
    'deadline_exceeded',
    'out_of_memory',
    'storage_full',
  ],
  run: ({ services, params }, change) => services.schemas.dropColumn(change, tableRef(params), params.column_name),
  render: renderTable,
});
