import { defineChange } from '../../define-route.js';
import { namedInMember } from '../../name-member.js';
import { AlterColumnBody, columnChanges } from '../../schemas/columns.js';
import { COLUMN_PATH, ColumnParams, tableRef } from '../../schemas/paths.js';
import { renderTable, TableSchema } from '../../schemas/tables.js';

export const alterColumn = defineChange({
  operation: 'column.alter',
  method: 'PUT',
  path: COLUMN_PATH,
  summary: 'Change name, type, NOT NULL and default of a column',
  description: 'All parts of a request happen together or not at all.',
  params: ColumnParams,
  body: AlterColumnBody,
  success: { status: 200, description: 'The table', schema: TableSchema },
  errors: [
    'no_changes_specified',
    'column_in_primary_key',
    'invalid_column_type',
    'invalid_default',
    'cast_failed',
    'not_null_violation',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'bucket_is_linked',
    'table_not_found',
    'column_not_found',
    'column_exists',
    'duplicate_key',
    'version_conflict',
    'table_busy',
    'server_busy',
    'deadline_exceeded',
    'out_of_memory',
    'storage_full',
  ],
  run: ({ services, params, body }, change) =>
    namedInMember(
      'new_name',
      services.schemas.alterColumn(change, tableRef(params), params.column_name, columnChanges(body)),
    ),
  render: renderTable,
});
