import { defineChange } from '../../define-route.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';

export const resetBucketSettings = defineChange({
  operation: 'bucket_snapshot_settings.reset',
  method: 'DELETE',
  path: `${BUCKET_PATH}/settings/snapshots`,
  summary: 'Remove the snapshot settings of a bucket; it inherits again',
  params: BucketParams,
  success: { status: 204, description: 'Removed, or there were none' },
  errors: ['bucket_is_linked', 'project_not_found', 'project_db_not_found', 'branch_not_found', 'bucket_not_found'],
  run: ({ services, params }, change) =>
    services.snapshotSettings.reset(change, { level: 'bucket', ...bucketRef(params) }),
});
