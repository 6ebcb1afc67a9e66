import { defineChange } from '../../define-route.js';
import { PullListSchema, renderPulls } from '../../schemas/branches.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';
import { PullQuery } from './pull-query.js';

export const pullBucket = defineChange({
  operation: 'branch.pull_bucket',
  method: 'POST',
  path: `${BUCKET_PATH}/pull`,
  summary: 'Let a branch read a whole bucket from main again',
  description: 'Tables that are only in the branch have nothing to pull and stay.',
  params: BucketParams,
  query: PullQuery,
  success: { status: 200, description: 'The tables that the branch had of its own', schema: PullListSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'bucket_not_found', 'table_busy'],
  run: ({ services, params, query }, change) =>
    services.branchPull.pullBucket(change, bucketRef(params), { discard: query.discard ?? false }),
  render: renderPulls,
});
