import { defineRead } from '../../define-route.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import { renderTable, TableSchema } from '../../schemas/tables.js';

export const getTable = defineRead({
  operation: 'table.get',
  method: 'GET',
  path: TABLE_PATH,
  summary: 'One table',
  params: TableParams,
  success: { status: 200, description: 'The table', schema: TableSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'bucket_not_found', 'table_not_found'],
  handle: async ({ services, params }) => renderTable(await services.tables.get(tableRef(params))),
});
