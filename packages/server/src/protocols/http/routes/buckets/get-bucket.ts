import { defineRead } from '../../define-route.js';
import { BucketSchema, renderBucket } from '../../schemas/buckets.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';

export const getBucket = defineRead({
  operation: 'bucket.get',
  method: 'GET',
  path: BUCKET_PATH,
  summary: 'One bucket',
  params: BucketParams,
  success: { status: 200, description: 'The bucket', schema: BucketSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'bucket_not_found'],
  handle: async ({ services, params }) => renderBucket(await services.buckets.get(bucketRef(params))),
});
