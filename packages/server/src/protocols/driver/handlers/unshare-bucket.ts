import { nameKey } from '../../../model/columns.js';
import { DEFAULT_BRANCH_ID } from '../../../model/refs.js';
import { defineSilentCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { UnshareBucketCommandSchema } from '../gen/proto/bucket_pb.js';
import { bucketOfShareRole } from '../object-names.js';

export const unshareBucket = defineSilentCommand({
  level: 'either',
  operation: 'bucket.unshare',
  summary: 'Ends the sharing of a bucket, and with it the links to it.',
  request: UnshareBucketCommandSchema,
  run: async (call, { bucketObjectName, bucketShareRoleName }) => {
    const shared = bucketOfShareRole(bucketShareRoleName);
    if (bucketObjectName !== '' && nameKey(bucketObjectName) !== nameKey(shared.bucketName)) {
      throw invalid(`The share role is not that of the bucket ${bucketObjectName}.`, { bucketObjectName });
    }
    const projectId = call.projectId(shared.projectId);
    const bucket = { ...shared, projectId, branchId: DEFAULT_BRANCH_ID };
    await call.mustMayRead('bucket.list_shares', projectId);
    const { shares } = await call.services.sharing.listShares(bucket);
    // The project itself last: until then, an unsharing that was broken off can be seen and repeated.
    const targets = shares.items
      .map(({ targetProjectId }) => targetProjectId)
      .sort((a, b) => Number(a === projectId) - Number(b === projectId));
    for (const target of targets) {
      await call.step<void>({ operation: 'bucket.unshare', projectId, resourceId: bucket.bucketName }, (change) =>
        call.services.sharing.unshare(change, bucket, target),
      );
    }
  },
});
