import { Type, type Static } from 'typebox';
import type { SnapshotRecord, TableRecord } from '../../../metadata/records.js';
import { formatTimestamp } from '../timestamps.js';
import { Nullable, Shared } from './nullable.js';

const snapshotMembers = {
  id: Type.String(),
  project_id: Type.String(),
  bucket_name: Type.String({ description: 'Where the table was; it may be gone' }),
  table_name: Type.String(),
  snapshot_type: Type.String({
    description: '`manual`, `auto_predrop`, `auto_pretruncate`, `auto_predrop_column` or `auto_prerestore`',
  }),
  row_count: Type.Integer(),
  size_bytes: Type.Integer({ description: 'Of the table file; shared with the table while it is the same' }),
  created_at: Type.String({ format: 'date-time' }),
  created_by: Type.String({ description: 'Id of the key; `admin` for the admin key' }),
  expires_at: Type.String({ format: 'date-time' }),
  description: Nullable(Type.String()),
};

export const SnapshotSchema = Type.Object(snapshotMembers, { $id: 'Snapshot' });

export const SnapshotDetailSchema = Type.Object(
  {
    ...snapshotMembers,
    schema_columns: Type.Array(
      Type.Object({ name: Type.String(), type: Type.String(), nullable: Type.Boolean() }, { description: 'In order' }),
    ),
    primary_key: Type.Array(Type.String()),
  },
  { $id: 'SnapshotDetail' },
);

export const SnapshotListSchema = Type.Object(
  { snapshots: Type.Array(Shared(SnapshotSchema)), total: Type.Integer() },
  { $id: 'SnapshotList' },
);

export const CreateSnapshotBody = Type.Object(
  { bucket: Type.String(), table: Type.String(), description: Type.Optional(Nullable(Type.String())) },
  { $id: 'CreateSnapshot' },
);

export const RestoreSnapshotBody = Type.Object(
  {
    target_bucket: Type.Optional(Nullable(Type.String({ description: 'The original bucket unless given' }))),
    target_table: Type.Optional(Nullable(Type.String({ description: 'The original name unless given' }))),
  },
  { $id: 'RestoreSnapshot' },
);

export const RestoredSnapshotSchema = Type.Object(
  {
    restored_to: Type.Object({ bucket: Type.String(), table: Type.String() }),
    row_count: Type.Integer(),
  },
  { $id: 'RestoredSnapshot' },
);

export const snapshotSchemas = [
  SnapshotSchema,
  SnapshotDetailSchema,
  SnapshotListSchema,
  CreateSnapshotBody,
  RestoreSnapshotBody,
  RestoredSnapshotSchema,
];

export function renderSnapshot(snapshot: SnapshotRecord): Static<typeof SnapshotSchema> {
  return {
    id: snapshot.id,
    project_id: snapshot.projectId,
    bucket_name: snapshot.bucketName,
    table_name: snapshot.tableName,
    snapshot_type: snapshot.type,
    row_count: snapshot.version.rowCount,
    size_bytes: snapshot.version.sizeBytes,
    created_at: formatTimestamp(snapshot.createdAt),
    created_by: snapshot.createdBy,
    expires_at: formatTimestamp(snapshot.expiresAt),
    description: snapshot.description,
  };
}

export function renderSnapshotDetail(snapshot: SnapshotRecord): Static<typeof SnapshotDetailSchema> {
  return {
    ...renderSnapshot(snapshot),
    schema_columns: snapshot.version.columns.map(({ name, type, nullable }) => ({ name, type, nullable })),
    primary_key: [...snapshot.version.primaryKey],
  };
}

export function renderRestoredSnapshot(table: TableRecord): Static<typeof RestoredSnapshotSchema> {
  return { restored_to: { bucket: table.bucketName, table: table.name }, row_count: table.current.rowCount };
}
