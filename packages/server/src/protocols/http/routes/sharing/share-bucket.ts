import { defineChange } from '../../define-route.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';
import { renderSharedBucket, ShareBucketBody, SharedBucketSchema } from '../../schemas/sharing.js';

export const shareBucket = defineChange({
  operation: 'bucket.share',
  method: 'POST',
  path: `${BUCKET_PATH}/share`,
  summary: 'Let a project link this bucket',
  params: BucketParams,
  body: ShareBucketBody,
  success: { status: 200, description: 'With whom the bucket is shared now', schema: SharedBucketSchema },
  errors: [
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'operation_not_allowed',
    'bucket_not_found',
    'bucket_is_linked',
    'already_shared',
  ],
  run: ({ services, params, body }, change) =>
    services.sharing.share(change, bucketRef(params), body.target_project_id),
  render: renderSharedBucket,
});
