import { defineRead } from '../../define-route.js';
import { OptionalPaging, optionalPageFrom } from '../../schemas/paging.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';
import { BucketSharesSchema, renderBucketShares } from '../../schemas/sharing.js';

export const listBucketShares = defineRead({
  operation: 'bucket.list_shares',
  method: 'GET',
  path: `${BUCKET_PATH}/shares`,
  summary: 'With whom a bucket is shared, and who has linked it',
  description:
    'A page is that part of both lists, each in its own order: shares by project, links by project and bucket.',
  params: BucketParams,
  query: OptionalPaging,
  success: { status: 200, description: 'Shares and links', schema: BucketSharesSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'bucket_not_found'],
  handle: async ({ services, params, query }) =>
    renderBucketShares(await services.sharing.listShares(bucketRef(params), optionalPageFrom(query))),
});
