import { defineRead } from '../../define-route.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';
import { renderSettings, SnapshotSettingsSchema } from '../../schemas/snapshot-settings.js';

export const getBucketSettings = defineRead({
  operation: 'bucket_snapshot_settings.get',
  method: 'GET',
  path: `${BUCKET_PATH}/settings/snapshots`,
  summary: 'The snapshot settings of a bucket, and where each comes from',
  params: BucketParams,
  success: { status: 200, description: 'The settings', schema: SnapshotSettingsSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'bucket_not_found'],
  handle: async ({ services, params }) =>
    renderSettings(await services.snapshotSettings.get({ level: 'bucket', ...bucketRef(params) })),
});
