import { create } from '@bufbuild/protobuf';
import { isDomainError } from '../../../errors/domain-error.js';
import type { BucketRecord } from '../../../metadata/records.js';
import { nameKey } from '../../../model/columns.js';
import { DEFAULT_BRANCH_ID } from '../../../model/refs.js';
import { defineCommand } from '../define-command.js';
import { invalid, objectNotFound } from '../driver-failure.js';
import { LinkBucketCommandSchema, LinkedBucketResponseSchema } from '../gen/proto/bucket_pb.js';
import { bucketObjectName, bucketOfShareRole } from '../object-names.js';

/** The link is live: what the source gains, changes and loses shows through. */
export const linkBucket = defineCommand({
  level: 'either',
  operation: 'bucket.link',
  summary: 'Gives a project a bucket that shows a shared bucket of another one, live and read-only.',
  request: LinkBucketCommandSchema,
  response: LinkedBucketResponseSchema,
  run: async (call, { targetProjectId, targetBucketId, sourceShareRoleName }) => {
    if (targetBucketId === '') throw invalid('The id of the linked bucket is empty.');
    const source = bucketOfShareRole(sourceShareRoleName);
    const projectId = call.projectId(targetProjectId);
    const target = { projectId, branchId: DEFAULT_BRANCH_ID, bucketName: bucketObjectName(targetBucketId) };
    const { sharing } = call.services;
    if (call.isAdmin) {
      const bucket = { ...source, branchId: DEFAULT_BRANCH_ID };
      const { shares } = await sharing.listShares(bucket);
      if (!shares.items.some((share) => nameKey(share.targetProjectId) === nameKey(source.projectId))) {
        throw objectNotFound(sourceShareRoleName);
      }
      try {
        await call.step(
          { operation: 'bucket.share', projectId: source.projectId, resourceId: source.bucketName },
          (change) => sharing.share(change, bucket, projectId),
        );
      } catch (error) {
        if (!isDomainError(error, 'already_shared')) throw error;
      }
    }
    return await call.change(
      { operation: 'bucket.link', projectId, resourceId: target.bucketName },
      (change) =>
        sharing.link(change, target, { sourceProjectId: source.projectId, sourceBucketName: source.bucketName }),
      {
        schema: LinkedBucketResponseSchema,
        render: (bucket: BucketRecord) => create(LinkedBucketResponseSchema, { linkedBucketObjectName: bucket.name }),
      },
    );
  },
});
