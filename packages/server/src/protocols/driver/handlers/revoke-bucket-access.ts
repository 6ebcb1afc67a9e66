import { defineSilentCommand } from '../define-command.js';
import { RevokeBucketAccessFromReadOnlyRoleCommandSchema } from '../gen/proto/bucket_pb.js';

export const revokeBucketAccess = defineSilentCommand({
  level: 'project',
  operation: 'bucket.revoke_readonly',
  summary: 'Takes that right away again. The bucket stays.',
  request: RevokeBucketAccessFromReadOnlyRoleCommandSchema,
  run: async (call, { bucketObjectName }) => {
    const bucket = call.bucket([bucketObjectName]);
    await call.silentChange<void>(
      { operation: 'bucket.revoke_readonly', projectId: bucket.projectId, resourceId: bucket.bucketName },
      (change) => call.services.sharing.revokeReadonly(change, bucket),
    );
  },
});
