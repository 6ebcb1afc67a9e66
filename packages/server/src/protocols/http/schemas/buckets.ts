import { Type, type Static } from 'typebox';
import type { BucketRecord } from '../../../metadata/records.js';
import { Nullable, Shared } from './nullable.js';

export const BucketSchema = Type.Object(
  { name: Type.String(), table_count: Type.Integer(), description: Nullable(Type.String()) },
  { $id: 'Bucket' },
);

export const BucketListSchema = Type.Object(
  { buckets: Type.Array(Shared(BucketSchema)), total: Type.Integer() },
  { $id: 'BucketList' },
);

export const CreateBucketBody = Type.Object(
  { name: Type.String(), description: Type.Optional(Nullable(Type.String())) },
  { $id: 'CreateBucket' },
);

export function renderBucket(bucket: BucketRecord): Static<typeof BucketSchema> {
  return { name: bucket.name, table_count: bucket.tableCount, description: bucket.description };
}
