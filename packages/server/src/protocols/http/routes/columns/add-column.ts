import { defineChange } from '../../define-route.js';
import { namedInMember } from '../../name-member.js';
import { descriptionFrom } from '../../schemas/descriptions.js';
import { COLUMNS_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import { columnInput, NewColumnSchema, renderTable, TableSchema } from '../../schemas/tables.js';

export const addColumn = defineChange({
  operation: 'column.add',
  method: 'POST',
  path: COLUMNS_PATH,
  summary: 'Add a column at the end of a table',
  description: 'Rows that are there get the default. A NOT NULL column of a table with rows needs one.',
  params: TableParams,
  body: NewColumnSchema,
  success: { status: 201, description: 'The table', schema: TableSchema },
  errors: [
    'invalid_column_type',
    'invalid_default',
    'not_null_violation',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'bucket_is_linked',
    'table_not_found',
    'column_exists',
    'version_conflict',
    'table_busy',
    'server_busy',
    'deadline_exceeded',
    'out_of_memory',
    'storage_full',
  ],
  subject: ({ params, body }) => ({ resourceId: `${params.bucket_name}.${params.table_name}.${body.name}` }),
  run: ({ services, params, body }, change) =>
    namedInMember(
      'name',
      services.schemas.addColumn(change, tableRef(params), columnInput(body), descriptionFrom(body.description)),
    ),
  render: renderTable,
});
