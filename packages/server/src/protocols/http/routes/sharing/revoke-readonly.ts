import { defineChange } from '../../define-route.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';

export const revokeReadonly = defineChange({
  operation: 'bucket.revoke_readonly',
  method: 'DELETE',
  path: `${BUCKET_PATH}/grant-readonly`,
  summary: 'Take the read-only grant back',
  description: 'What was not granted is fine. The links stay.',
  params: BucketParams,
  success: { status: 204, description: 'Not granted' },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'operation_not_allowed'],
  run: ({ services, params }, change) => services.sharing.revokeReadonly(change, bucketRef(params)),
});
