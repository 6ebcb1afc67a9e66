import { Type } from 'typebox';
import { defineChange } from '../../define-route.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';

export const unshareBucket = defineChange({
  operation: 'bucket.unshare',
  method: 'DELETE',
  path: `${BUCKET_PATH}/share`,
  summary: 'Take a share back',
  description: 'Closes the links that the project made through the share, at once. What was not shared is fine.',
  params: BucketParams,
  query: Type.Object({
    target_project_id: Type.String({ description: 'The project that may no longer link the bucket' }),
  }),
  success: { status: 204, description: 'Not shared with that project' },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'operation_not_allowed'],
  run: ({ services, params, query }, change) =>
    services.sharing.unshare(change, bucketRef(params), query.target_project_id),
});
