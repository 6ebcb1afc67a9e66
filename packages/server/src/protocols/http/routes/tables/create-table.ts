import { defineChange } from '../../define-route.js';
import { descriptionFrom } from '../../schemas/descriptions.js';
import { BucketParams, bucketRef, TABLES_PATH } from '../../schemas/paths.js';
import {
  columnDescriptionsFrom,
  columnInput,
  CreateTableBody,
  renderTable,
  TableSchema,
} from '../../schemas/tables.js';

export const createTable = defineChange({
  operation: 'table.create',
  method: 'POST',
  path: TABLES_PATH,
  summary: 'Create an empty table',
  params: BucketParams,
  body: CreateTableBody,
  success: { status: 201, description: 'The table', schema: TableSchema },
  errors: [
    'invalid_primary_key',
    'invalid_column_type',
    'invalid_default',
    'duplicate_column',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'bucket_is_linked',
    'table_exists',
    'storage_full',
    'server_busy',
  ],
  subject: ({ params, body }) => ({ resourceId: `${params.bucket_name}.${body.name}` }),
  run: ({ services, params, body }, change) =>
    services.tables.create(change, bucketRef(params), {
      name: body.name,
      description: descriptionFrom(body.description),
      columnDescriptions: columnDescriptionsFrom(body.columns),
      columns: body.columns.map(columnInput),
      primaryKey: body.primary_key ?? [],
    }),
  render: renderTable,
});
