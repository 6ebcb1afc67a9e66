import { Type } from 'typebox';
import { defineChange } from '../../define-route.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';

export const deleteBucket = defineChange({
  operation: 'bucket.delete',
  method: 'DELETE',
  path: BUCKET_PATH,
  summary: 'Delete a bucket and its tables',
  params: BucketParams,
  query: Type.Object({
    cascade: Type.Optional(
      Type.Boolean({ description: 'False refuses to delete a bucket with tables; true unless given' }),
    ),
  }),
  success: { status: 204, description: 'Deleted' },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'bucket_not_found', 'bucket_not_empty'],
  run: ({ services, params, query }, change) =>
    services.buckets.delete(change, bucketRef(params), { cascade: query.cascade ?? true }),
});
