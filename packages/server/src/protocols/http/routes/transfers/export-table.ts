import { defineChange } from '../../define-route.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import { versionChoice } from '../../schemas/version-choice.js';
import { ExportBody, exportInput, ExportResultSchema, renderExport } from '../../schemas/transfers.js';

export const exportTable = defineChange({
  operation: 'table.export',
  method: 'POST',
  path: `${TABLE_PATH}/export`,
  summary: 'Write rows of a table to a file of the project',
  params: TableParams,
  body: ExportBody,
  success: { status: 200, description: 'The file to download', schema: ExportResultSchema },
  errors: [
    'bucket_is_linked',
    'invalid_format',
    'invalid_compression',
    'invalid_where_clause',
    'invalid_order_by',
    'unknown_column',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'table_not_found',
    'version_not_found',
    'invalid_request',
    'quota_exceeded',
    'server_busy',
    'deadline_exceeded',
    'out_of_memory',
    'storage_full',
  ],
  run: ({ services, params, body, signal }, change) =>
    services.transfers.exportTable(change, { ...tableRef(params), ...versionChoice(body) }, exportInput(body), signal),
  render: renderExport,
});
