import { defineChange } from '../../define-route.js';
import { DeletedRowsSchema, DeleteRowsBody, renderDeletedRows } from '../../schemas/columns.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';

export const deleteRows = defineChange({
  operation: 'table.delete_rows',
  method: 'DELETE',
  path: `${TABLE_PATH}/rows`,
  summary: 'Delete the rows for which a condition is true',
  params: TableParams,
  body: DeleteRowsBody,
  success: { status: 200, description: 'How many rows went, and how many are left', schema: DeletedRowsSchema },
  errors: [
    'invalid_where_clause',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'bucket_is_linked',
    'table_not_found',
    'version_conflict',
    'table_busy',
    'server_busy',
    'deadline_exceeded',
    'out_of_memory',
    'storage_full',
  ],
  run: ({ services, params, body }, change) =>
    services.rows.deleteRows(change, tableRef(params), { condition: body.where_clause }),
  render: renderDeletedRows,
});
