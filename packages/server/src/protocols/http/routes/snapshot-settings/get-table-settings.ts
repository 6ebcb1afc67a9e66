import { defineRead } from '../../define-route.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import { renderSettings, SnapshotSettingsSchema } from '../../schemas/snapshot-settings.js';

export const getTableSettings = defineRead({
  operation: 'table_snapshot_settings.get',
  method: 'GET',
  path: `${TABLE_PATH}/settings/snapshots`,
  summary: 'The snapshot settings of a table, and where each comes from',
  params: TableParams,
  success: { status: 200, description: 'The settings', schema: SnapshotSettingsSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'bucket_not_found', 'table_not_found'],
  handle: async ({ services, params }) =>
    renderSettings(await services.snapshotSettings.get({ level: 'table', ...tableRef(params) })),
});
