import { defineChange } from '../../define-route.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';

export const resetTableSettings = defineChange({
  operation: 'table_snapshot_settings.reset',
  method: 'DELETE',
  path: `${TABLE_PATH}/settings/snapshots`,
  summary: 'Remove the snapshot settings of a table; it inherits again',
  params: TableParams,
  success: { status: 204, description: 'Removed, or there were none' },
  errors: [
    'bucket_is_linked',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'table_not_found',
  ],
  run: ({ services, params }, change) =>
    services.snapshotSettings.reset(change, { level: 'table', ...tableRef(params) }),
});
