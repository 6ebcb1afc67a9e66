import { defineChange } from '../../define-route.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';

export const deleteTable = defineChange({
  operation: 'table.delete',
  method: 'DELETE',
  path: TABLE_PATH,
  summary: 'Delete a table',
  params: TableParams,
  success: { status: 204, description: 'Deleted' },
  errors: [
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'table_not_found',
    'bucket_is_linked',
    'version_conflict',
    'table_busy',
  ],
  run: ({ services, params }, change) => services.tables.delete(change, tableRef(params)),
});
