import { Type, type Static } from 'typebox';
import type { BucketRecord, SharedBucketRecord } from '../../../metadata/records.js';
import type { BucketSharing } from '../../../services/sharing.js';
import { formatTimestamp } from '../timestamps.js';
import { Nullable, Shared } from './nullable.js';

export const ShareBucketBody = Type.Object(
  { target_project_id: Type.String({ description: 'The project that may link the bucket' }) },
  { $id: 'ShareBucket' },
);

export const SharedBucketSchema = Type.Object(
  {
    shared_with: Type.Array(Type.String(), { description: 'Ids of all projects that may link the bucket' }),
    is_linked: Type.Boolean(),
    source_project_id: Nullable(Type.String()),
    source_bucket_name: Nullable(Type.String()),
  },
  { $id: 'SharedBucket' },
);

export const LinkBucketBody = Type.Object(
  { source_project_id: Type.String(), source_bucket_name: Type.String() },
  { $id: 'LinkBucket' },
);

export const ReadonlyGrantSchema = Type.Object(
  { status: Type.String(), message: Type.String(), bucket_name: Type.String() },
  { $id: 'ReadonlyGrant' },
);

const BucketShareSchema = Type.Object(
  {
    target_project_id: Type.String(),
    is_linked: Type.Boolean({ description: 'The project has linked the bucket' }),
    created_at: Type.String({ format: 'date-time' }),
    created_by: Type.String({ description: 'Id of the key, or `admin`' }),
  },
  { $id: 'BucketShare' },
);

const BucketLinkSchema = Type.Object(
  {
    project_id: Type.String(),
    branch_id: Type.String({ description: '`default`, unless a development branch made the link for itself' }),
    bucket_name: Type.String({ description: 'Its name in that project' }),
    through_share: Type.Boolean({ description: 'The link ends with the share; otherwise the admin key made it' }),
    created_at: Type.String({ format: 'date-time' }),
    created_by: Type.String({ description: 'Id of the key, or `admin`' }),
  },
  { $id: 'BucketLink' },
);

export const BucketSharesSchema = Type.Object(
  {
    shares: Type.Array(Shared(BucketShareSchema), { description: 'With whom the bucket is shared' }),
    links: Type.Array(Shared(BucketLinkSchema), { description: 'Who shows its tables in a bucket of their own' }),
    total: Type.Integer({ description: 'How many shares there are' }),
    total_links: Type.Integer({ description: 'How many links there are' }),
  },
  { $id: 'BucketShares' },
);

const IncomingBucketSchema = Type.Object(
  {
    source_project_id: Type.String(),
    source_bucket_name: Type.String(),
    description: Nullable(Type.String()),
    table_count: Type.Integer(),
    size_bytes: Type.Integer(),
    readonly_granted: Type.Boolean(),
    shared_at: Type.String({ format: 'date-time' }),
    is_linked: Type.Boolean(),
    linked_as: Type.Array(Type.String(), { description: 'Names of the linked buckets in this project' }),
  },
  { $id: 'IncomingBucket' },
);

export const IncomingBucketListSchema = Type.Object(
  { shared_buckets: Type.Array(Shared(IncomingBucketSchema)), total: Type.Integer() },
  { $id: 'IncomingBucketList' },
);

export const sharingSchemas = [
  ShareBucketBody,
  SharedBucketSchema,
  LinkBucketBody,
  ReadonlyGrantSchema,
  BucketShareSchema,
  BucketLinkSchema,
  BucketSharesSchema,
  IncomingBucketSchema,
  IncomingBucketListSchema,
];

export function renderSharedBucket(shared: {
  readonly bucket: BucketRecord;
  readonly sharedWith: readonly string[];
}): Static<typeof SharedBucketSchema> {
  const { linkedFrom } = shared.bucket;
  return {
    shared_with: [...shared.sharedWith],
    is_linked: linkedFrom !== null,
    source_project_id: linkedFrom?.projectId ?? null,
    source_bucket_name: linkedFrom?.bucketName ?? null,
  };
}

export function renderBucketShares({ shares, links }: BucketSharing): Static<typeof BucketSharesSchema> {
  return {
    shares: shares.items.map((share) => ({
      target_project_id: share.targetProjectId,
      is_linked: share.isLinked,
      created_at: formatTimestamp(share.createdAt),
      created_by: share.createdBy,
    })),
    links: links.items.map((link) => ({
      project_id: link.projectId,
      branch_id: link.branchId,
      bucket_name: link.bucketName,
      through_share: link.throughShare,
      created_at: formatTimestamp(link.createdAt),
      created_by: link.createdBy,
    })),
    total: shares.total,
    total_links: links.total,
  };
}

export function renderIncomingBucket({
  bucket,
  sharedAt,
  linkedAs,
}: SharedBucketRecord): Static<typeof IncomingBucketSchema> {
  return {
    source_project_id: bucket.projectId,
    source_bucket_name: bucket.name,
    description: bucket.description,
    table_count: bucket.tableCount,
    size_bytes: bucket.sizeBytes,
    readonly_granted: bucket.readonlyGranted,
    shared_at: formatTimestamp(sharedAt),
    is_linked: linkedAs.length > 0,
    linked_as: [...linkedAs],
  };
}
