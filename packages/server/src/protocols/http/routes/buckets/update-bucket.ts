import { defineChange } from '../../define-route.js';
import { BucketSchema, renderBucket, UpdateBucketBody } from '../../schemas/buckets.js';
import { descriptionChange } from '../../schemas/descriptions.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';

export const updateBucket = defineChange({
  operation: 'bucket.update',
  method: 'PUT',
  path: BUCKET_PATH,
  summary: 'Change the description of a bucket',
  params: BucketParams,
  body: UpdateBucketBody,
  success: { status: 200, description: 'The bucket as it is now', schema: BucketSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'bucket_not_found'],
  run: ({ services, params, body }, change) =>
    services.buckets.update(change, bucketRef(params), descriptionChange(body.description)),
  render: renderBucket,
});
