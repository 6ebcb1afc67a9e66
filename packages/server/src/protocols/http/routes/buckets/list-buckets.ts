import { BUCKET_SORTS } from '../../../../model/list-query.js';
import { defineRead } from '../../define-route.js';
import { BucketListSchema, renderBucket } from '../../schemas/buckets.js';
import { listingQuery, listQueryFrom } from '../../schemas/listing.js';
import { BranchParams, branchRef, BUCKETS_PATH } from '../../schemas/paths.js';

export const listBuckets = defineRead({
  operation: 'bucket.list',
  method: 'GET',
  path: BUCKETS_PATH,
  summary: 'List buckets',
  params: BranchParams,
  query: listingQuery(BUCKET_SORTS),
  success: { status: 200, description: 'The buckets, and how many match in all', schema: BucketListSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found'],
  handle: async ({ services, params, query }) => {
    const { items, total } = await services.buckets.list(branchRef(params), listQueryFrom(query));
    return { buckets: items.map(renderBucket), total };
  },
});
