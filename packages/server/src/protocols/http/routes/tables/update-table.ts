import { defineChange } from '../../define-route.js';
import { descriptionChange } from '../../schemas/descriptions.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import { columnDescriptionChanges, renderTable, TableSchema, UpdateTableBody } from '../../schemas/tables.js';

export const updateTable = defineChange({
  operation: 'table.update',
  method: 'PUT',
  path: TABLE_PATH,
  summary: 'Change the descriptions of a table and its columns',
  description: 'The rows stay as they are and no version is made.',
  params: TableParams,
  body: UpdateTableBody,
  success: { status: 200, description: 'The table as it is now', schema: TableSchema },
  errors: [
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'table_not_found',
    'column_not_found',
    'bucket_is_linked',
  ],
  run: ({ services, params, body }, change) =>
    services.tables.update(change, tableRef(params), {
      ...descriptionChange(body.description),
      ...(body.column_descriptions === undefined
        ? {}
        : { columnDescriptions: columnDescriptionChanges(body.column_descriptions) }),
    }),
  render: renderTable,
});
