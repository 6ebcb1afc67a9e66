import { defineChange } from '../../define-route.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';

export const unlinkBucket = defineChange({
  operation: 'bucket.unlink',
  method: 'DELETE',
  path: `${BUCKET_PATH}/link`,
  summary: 'Remove a linked bucket; its source stays as it is',
  params: BucketParams,
  success: { status: 204, description: 'Removed' },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'link_not_found'],
  run: ({ services, params }, change) => services.sharing.unlink(change, bucketRef(params)),
});
