import type { OperationName } from '../../../model/operations.js';
import { operationIdOf } from './openapi-schema.js';

/** Bodies that work as they are, apart from the keys and ids in capitals: what the page offers to send. */
const REQUEST_EXAMPLES: Readonly<Partial<Record<OperationName, object>>> = {
  'project.create': { id: 'shop', name: 'The shop' },
  'project.update': { name: 'The new shop' },
  'api_key.create': { description: 'Reports, read only', scope: 'project_read', expires_in_days: 90 },
  'bucket.create': { name: 'in_c_sales', description: 'Orders and customers' },
  'table.create': {
    name: 'orders',
    columns: [
      { name: 'id', type: 'BIGINT' },
      { name: 'customer', type: 'VARCHAR', nullable: false, default: "'unknown'" },
      { name: 'amount', type: 'DECIMAL(10,2)' },
    ],
    primary_key: ['id'],
  },
  'column.add': { name: 'status', type: 'VARCHAR', nullable: false, default: "'new'" },
  'column.alter': { new_name: 'total', new_type: 'DECIMAL(18,2)', set_not_null: true, set_default: '0' },
  'table.add_primary_key': { columns: ['id'] },
  'table.delete_rows': { where_clause: "status = 'cancelled'" },
  'table.import': { file_id: 'FILE_ID', format: 'csv', import_options: { incremental: true } },
  'table.export': { format: 'csv', where_filter: 'amount > 5', order_by: 'amount desc', limit: 1000 },
  'snapshot.create': { bucket: 'in_c_sales', table: 'orders', description: 'Before the correction' },
  'snapshot.restore': { target_table: 'orders_before' },
  'project_snapshot_settings.put': { retention: { manual_days: 365, auto_days: 30 } },
  'bucket_snapshot_settings.put': { auto_snapshot_triggers: { truncate_table: true, drop_column: true } },
  'table_snapshot_settings.put': { enabled: false },
  'file.prepare': { filename: 'orders.csv', content_type: 'text/csv' },
  'file.register': { upload_key: 'UPLOAD_KEY', tags: { source: 'shop' } },
};

const BY_OPERATION_ID = new Map(
  Object.entries(REQUEST_EXAMPLES).map(([name, example]) => [operationIdOf(name as OperationName), example]),
);

/** The parts of an OpenAPI document that carry an example. */
interface Operation {
  readonly operationId?: string | undefined;
  readonly requestBody?: { readonly content?: Record<string, { example?: unknown }> } | object | undefined;
}

/** Puts the examples into the JSON bodies of a document; without one, a page makes up texts that no operation accepts. */
export function addRequestExamples(paths: Readonly<Record<string, object | undefined>>): void {
  for (const item of Object.values(paths)) {
    for (const operation of Object.values(item ?? {}) as Operation[]) {
      const example = BY_OPERATION_ID.get(operation.operationId ?? '');
      const { requestBody } = operation;
      if (example === undefined || requestBody === undefined || !('content' in requestBody)) continue;
      const json = requestBody.content?.['application/json'];
      if (json !== undefined) json.example = example;
    }
  }
}
