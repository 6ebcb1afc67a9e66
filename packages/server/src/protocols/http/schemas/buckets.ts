import { Type, type Static } from 'typebox';
import type { BucketRecord } from '../../../metadata/records.js';
import { formatTimestamp } from '../timestamps.js';
import { descriptionInput } from './descriptions.js';
import { Nullable, OneOf, Shared } from './nullable.js';

export const BucketSchema = Type.Object(
  {
    name: Type.String(),
    table_count: Type.Integer({ description: 'Of a linked bucket: the tables of its source' }),
    description: Nullable(Type.String()),
    size_bytes: Type.Integer({
      description: 'Of a linked bucket: the bytes of its source, which count in the source project',
    }),
    created_at: Type.String({ format: 'date-time' }),
    updated_at: Type.String({
      format: 'date-time',
      description: 'When a table came or went, or the description changed',
    }),
    source: OneOf(['main', 'branch', 'branch_only', 'linked'], {
      description:
        'Where it comes from: `main`; `branch`, when the branch has something of its own in it; `branch_only`; `linked`',
    }),
    is_linked: Type.Boolean({ description: 'It shows the tables of another bucket, live and read-only' }),
    source_project_id: Nullable(Type.String()),
    source_bucket_name: Nullable(Type.String()),
    readonly_granted: Type.Boolean({
      description: 'Keys that may only read, of projects that linked the bucket, read its tables through their links',
    }),
  },
  { $id: 'Bucket' },
);

export const BucketListSchema = Type.Object(
  { buckets: Type.Array(Shared(BucketSchema)), total: Type.Integer({ description: 'All that match' }) },
  { $id: 'BucketList' },
);

export const CreateBucketBody = Type.Object(
  { name: Type.String(), description: Type.Optional(descriptionInput()) },
  { $id: 'CreateBucket' },
);

export const UpdateBucketBody = Type.Object(
  { description: Type.Optional(descriptionInput()) },
  { $id: 'UpdateBucket', description: 'Absent members stay as they are' },
);

export const bucketSchemas = [BucketSchema, BucketListSchema, CreateBucketBody, UpdateBucketBody];

export function renderBucket(bucket: BucketRecord): Static<typeof BucketSchema> {
  return {
    name: bucket.name,
    table_count: bucket.tableCount,
    description: bucket.description,
    size_bytes: bucket.sizeBytes,
    created_at: formatTimestamp(bucket.createdAt),
    updated_at: formatTimestamp(bucket.updatedAt),
    source: bucket.linkedFrom === null ? bucket.source : 'linked',
    is_linked: bucket.linkedFrom !== null,
    source_project_id: bucket.linkedFrom?.projectId ?? null,
    source_bucket_name: bucket.linkedFrom?.bucketName ?? null,
    readonly_granted: bucket.readonlyGranted,
  };
}
