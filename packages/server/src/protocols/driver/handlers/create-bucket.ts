import { create } from '@bufbuild/protobuf';
import type { BucketRecord } from '../../../metadata/records.js';
import { DEFAULT_BRANCH_ID } from '../../../model/refs.js';
import { defineCommand } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { CreateBucketCommandSchema, CreateBucketResponseSchema } from '../gen/proto/bucket_pb.js';
import { bucketObjectName } from '../object-names.js';

export const createBucket = defineCommand({
  level: 'project',
  operation: 'bucket.create',
  summary: 'Makes a bucket; in a development branch with the id of the branch before its name.',
  request: CreateBucketCommandSchema,
  response: CreateBucketResponseSchema,
  run: (call, command) => {
    const projectId = call.projectId(command.projectId);
    if (command.bucketId === '') throw invalid('The bucket id is empty.');
    const name = bucketObjectName(command.bucketId, { id: command.branchId, isDefault: command.isBranchDefault });
    return call.change(
      { operation: 'bucket.create', projectId, resourceId: name },
      (change) =>
        call.services.buckets.create(change, { projectId, branchId: DEFAULT_BRANCH_ID, name, description: null }),
      {
        schema: CreateBucketResponseSchema,
        render: (bucket: BucketRecord) => create(CreateBucketResponseSchema, { createBucketObjectName: bucket.name }),
      },
    );
  },
});
