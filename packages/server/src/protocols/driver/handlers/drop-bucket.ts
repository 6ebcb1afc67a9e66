import { isDomainError } from '../../../errors/domain-error.js';
import { defineSilentCommand } from '../define-command.js';
import { DropBucketCommandSchema } from '../gen/proto/bucket_pb.js';

export const dropBucket = defineSilentCommand({
  level: 'project',
  operation: 'bucket.delete',
  summary: 'Drops a bucket: an empty one, or with isCascade one with its tables. One that is gone is fine.',
  request: DropBucketCommandSchema,
  run: async (call, { bucketObjectName, isCascade }) => {
    const bucket = call.bucket([bucketObjectName]);
    try {
      await call.silentChange<void>(
        { operation: 'bucket.delete', projectId: bucket.projectId, resourceId: bucket.bucketName },
        (change) => call.services.buckets.delete(change, bucket, { cascade: isCascade, force: false }),
      );
    } catch (error) {
      if (!isDomainError(error, 'bucket_not_found')) throw error;
      call.log.notice(`Bucket ${bucketObjectName} was gone already.`);
    }
  },
});
