import { defineChange } from '../../define-route.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';
import {
  renderSettings,
  settingsInput,
  SnapshotSettingsBody,
  SnapshotSettingsSchema,
} from '../../schemas/snapshot-settings.js';

export const putBucketSettings = defineChange({
  operation: 'bucket_snapshot_settings.put',
  method: 'PUT',
  path: `${BUCKET_PATH}/settings/snapshots`,
  summary: 'Replace the snapshot settings of a bucket',
  description: 'What is not given here comes from the project.',
  params: BucketParams,
  body: SnapshotSettingsBody,
  success: { status: 200, description: 'The settings as they are now', schema: SnapshotSettingsSchema },
  errors: [
    'invalid_config',
    'bucket_is_linked',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
  ],
  run: ({ services, params, body }, change) =>
    services.snapshotSettings.put(change, { level: 'bucket', ...bucketRef(params) }, settingsInput(body)),
  render: renderSettings,
});
