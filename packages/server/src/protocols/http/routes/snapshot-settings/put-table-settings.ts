import { defineChange } from '../../define-route.js';
import { TABLE_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import {
  renderSettings,
  settingsInput,
  SnapshotSettingsBody,
  SnapshotSettingsSchema,
} from '../../schemas/snapshot-settings.js';

export const putTableSettings = defineChange({
  operation: 'table_snapshot_settings.put',
  method: 'PUT',
  path: `${TABLE_PATH}/settings/snapshots`,
  summary: 'Replace the snapshot settings of a table',
  description: 'What is not given here comes from the bucket, then from the project.',
  params: TableParams,
  body: SnapshotSettingsBody,
  success: { status: 200, description: 'The settings as they are now', schema: SnapshotSettingsSchema },
  errors: [
    'invalid_config',
    'bucket_is_linked',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'table_not_found',
  ],
  run: ({ services, params, body }, change) =>
    services.snapshotSettings.put(change, { level: 'table', ...tableRef(params) }, settingsInput(body)),
  render: renderSettings,
});
