import { create } from '@bufbuild/protobuf';
import { isDomainError } from '../../../errors/domain-error.js';
import { defineCommand } from '../define-command.js';
import { ShareBucketCommandSchema, ShareBucketResponseSchema } from '../gen/proto/bucket_pb.js';
import { shareRole } from '../object-names.js';

/**
 * Connection shares a bucket before it knows with whom. Here a share has a target, so that the project itself stands for "whoever
 * Connection lets link it"; each link then adds the share of its own target, and unsharing takes all of them away, with their links.
 */
export const shareBucket = defineCommand({
  level: 'either',
  operation: 'bucket.share',
  summary: 'Makes a bucket linkable by other projects. Repeating it is fine.',
  request: ShareBucketCommandSchema,
  response: ShareBucketResponseSchema,
  run: async (call, { sourceProjectId, sourceBucketObjectName }) => {
    const projectId = call.projectId(sourceProjectId);
    const bucket = call.bucket([sourceBucketObjectName], projectId);
    try {
      await call.step({ operation: 'bucket.share', projectId, resourceId: bucket.bucketName }, (change) =>
        call.services.sharing.share(change, bucket, projectId),
      );
    } catch (error) {
      if (!isDomainError(error, 'already_shared')) throw error;
    }
    return create(ShareBucketResponseSchema, { bucketShareRoleName: shareRole(projectId, bucket.bucketName) });
  },
});
