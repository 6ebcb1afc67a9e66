import { isDomainError } from '../../../errors/domain-error.js';
import { defineSilentCommand } from '../define-command.js';
import { UnlinkBucketCommandSchema } from '../gen/proto/bucket_pb.js';

export const unlinkBucket = defineSilentCommand({
  level: 'project',
  operation: 'bucket.unlink',
  summary: 'Removes a linked bucket; its source stays. One that is gone is fine.',
  request: UnlinkBucketCommandSchema,
  run: async (call, { bucketObjectName }) => {
    const bucket = call.bucket([bucketObjectName]);
    try {
      await call.silentChange<void>(
        { operation: 'bucket.unlink', projectId: bucket.projectId, resourceId: bucket.bucketName },
        (change) => call.services.sharing.unlink(change, bucket),
      );
    } catch (error) {
      if (!isDomainError(error, 'link_not_found')) throw error;
      call.log.notice(`There was no linked bucket ${bucketObjectName}.`);
    }
  },
});
