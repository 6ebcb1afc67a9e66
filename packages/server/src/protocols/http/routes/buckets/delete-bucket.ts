import { Type } from 'typebox';
import { defineChange } from '../../define-route.js';
import { BUCKET_PATH, BucketParams, bucketRef } from '../../schemas/paths.js';

export const deleteBucket = defineChange({
  operation: 'bucket.delete',
  method: 'DELETE',
  path: BUCKET_PATH,
  summary: 'Delete a bucket and its tables',
  description: 'Of a linked bucket, only the link is removed.',
  params: BucketParams,
  query: Type.Object({
    cascade: Type.Optional(
      Type.Boolean({ description: 'False refuses to delete a bucket with tables; true unless given' }),
    ),
    force: Type.Optional(
      Type.Boolean({
        description: 'True closes the links to the bucket; false, unless given, refuses to delete it then',
      }),
    ),
  }),
  success: { status: 204, description: 'Deleted' },
  errors: [
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'bucket_not_empty',
    'bucket_linked',
  ],
  run: ({ services, params, query }, change) =>
    services.buckets.delete(change, bucketRef(params), {
      cascade: query.cascade ?? true,
      force: query.force ?? false,
    }),
});
