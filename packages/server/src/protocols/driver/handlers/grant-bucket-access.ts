import { create } from '@bufbuild/protobuf';
import type { BucketRecord } from '../../../metadata/records.js';
import { defineCommand } from '../define-command.js';
import {
  GrantBucketAccessToReadOnlyRoleCommandSchema,
  GrantBucketAccessToReadOnlyRoleResponseSchema,
} from '../gen/proto/bucket_pb.js';

/** Elsewhere this registers data from outside as a bucket. Here all data is inside: it lets read-only keys of others read a bucket. */
export const grantBucketAccess = defineCommand({
  level: 'project',
  operation: 'bucket.grant_readonly',
  summary:
    'Lets read-only keys of linking projects read the bucket at the end of the path. There are no external buckets.',
  request: GrantBucketAccessToReadOnlyRoleCommandSchema,
  response: GrantBucketAccessToReadOnlyRoleResponseSchema,
  run: (call, { path }) => {
    const bucket = call.bucket(path);
    return call.change(
      { operation: 'bucket.grant_readonly', projectId: bucket.projectId, resourceId: bucket.bucketName },
      (change) => call.services.sharing.grantReadonly(change, bucket),
      {
        schema: GrantBucketAccessToReadOnlyRoleResponseSchema,
        render: ({ name }: BucketRecord) =>
          create(GrantBucketAccessToReadOnlyRoleResponseSchema, { createBucketObjectName: name }),
      },
    );
  },
});
