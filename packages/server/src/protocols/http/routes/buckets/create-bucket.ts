import { defineChange } from '../../define-route.js';
import { descriptionFrom } from '../../schemas/descriptions.js';
import { BucketSchema, CreateBucketBody, renderBucket } from '../../schemas/buckets.js';
import { BranchParams, branchRef, BUCKETS_PATH } from '../../schemas/paths.js';

export const createBucket = defineChange({
  operation: 'bucket.create',
  method: 'POST',
  path: BUCKETS_PATH,
  summary: 'Create a bucket',
  params: BranchParams,
  body: CreateBucketBody,
  success: { status: 201, description: 'The bucket', schema: BucketSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'bucket_exists', 'storage_full'],
  subject: ({ body }) => ({ resourceId: body.name }),
  run: ({ services, params, body }, change) =>
    services.buckets.create(change, {
      ...branchRef(params),
      name: body.name,
      description: descriptionFrom(body.description),
    }),
  render: renderBucket,
});
