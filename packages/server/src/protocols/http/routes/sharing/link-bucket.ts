import { defineChange } from '../../define-route.js';
import { BucketSchema, renderBucket } from '../../schemas/buckets.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';
import { LinkBucketBody } from '../../schemas/sharing.js';

export const linkBucket = defineChange({
  operation: 'bucket.link',
  method: 'POST',
  path: `${BUCKET_PATH}/link`,
  summary: 'Show the tables of a shared bucket in a new bucket of this name, live and read-only',
  description: 'Needs a share with this project, except with the admin key and for buckets of the same project.',
  params: BucketParams,
  body: LinkBucketBody,
  success: { status: 201, description: 'The linked bucket', schema: BucketSchema },
  errors: [
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'bucket_exists',
    'bucket_already_linked',
    'bucket_is_linked',
    'not_shared',
  ],
  run: ({ services, params, body }, change) =>
    services.sharing.link(change, bucketRef(params), {
      sourceProjectId: body.source_project_id,
      sourceBucketName: body.source_bucket_name,
    }),
  render: renderBucket,
});
