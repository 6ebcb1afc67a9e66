import { defineChange } from '../../define-route.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import { ImportBody, importInput, ImportResultSchema, renderImport } from '../../schemas/transfers.js';

export const importFile = defineChange({
  operation: 'table.import',
  method: 'POST',
  path: `${TABLE_PATH}/import/file`,
  summary: 'Load a registered file into a table',
  description: 'All or nothing: a failed import leaves the table as it was.',
  params: TableParams,
  body: ImportBody,
  success: { status: 200, description: 'What was loaded', schema: ImportResultSchema },
  errors: [
    'invalid_format',
    'import_failed',
    'column_mismatch',
    'unknown_column',
    'too_many_bad_rows',
    'inflated_too_large',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'table_not_found',
    'bucket_is_linked',
    'file_not_found',
    'file_content_not_found',
    'duplicate_key',
    'version_conflict',
    'table_busy',
    'server_busy',
    'deadline_exceeded',
    'out_of_memory',
    'storage_full',
  ],
  run: ({ services, params, body }, change) =>
    services.transfers.importFile(change, tableRef(params), importInput(body)),
  render: renderImport,
});
