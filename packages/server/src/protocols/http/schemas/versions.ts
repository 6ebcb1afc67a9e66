import { Type, type Static } from 'typebox';
import type { HistoryEntry, RestoredVersion } from '../services.js';
import { formatOptionalTimestamp, formatTimestamp } from '../timestamps.js';
import { Nullable, Shared } from './nullable.js';

const TableVersionSchema = Type.Object(
  {
    id: Type.String(),
    operation: Type.String({ description: 'What made it, for example `table.import`' }),
    row_count: Type.Integer(),
    size_bytes: Type.Integer(),
    created_at: Type.String({ format: 'date-time' }),
    created_by: Type.String({ description: 'Id of the key that made it; `admin` for the admin key' }),
    is_current: Type.Boolean(),
    replaced_at: Nullable(Type.String({ format: 'date-time' })),
    expires_at: Nullable(
      Type.String({
        format: 'date-time',
        description:
          'When history lets go of it; earlier when there are too many versions, or when the disk needs room',
      }),
    ),
  },
  { $id: 'TableVersion' },
);

export const TableVersionListSchema = Type.Object(
  { versions: Type.Array(Shared(TableVersionSchema)), total: Type.Integer() },
  { $id: 'TableVersionList' },
);

export const RestoredVersionSchema = Type.Object(
  {
    restored_version_id: Type.String(),
    version_id: Type.String({ description: 'The current version afterwards; the same when it was current already' }),
    row_count: Type.Integer(),
    size_bytes: Type.Integer(),
  },
  { $id: 'RestoredVersion' },
);

export const versionSchemas = [TableVersionSchema, TableVersionListSchema, RestoredVersionSchema];

export function renderVersion(version: HistoryEntry): Static<typeof TableVersionSchema> {
  return {
    id: version.id,
    operation: version.operation,
    row_count: version.rowCount,
    size_bytes: version.sizeBytes,
    created_at: formatTimestamp(version.createdAt),
    created_by: version.createdBy,
    is_current: version.retiredAt === null,
    replaced_at: formatOptionalTimestamp(version.retiredAt),
    expires_at: formatOptionalTimestamp(version.expiresAt),
  };
}

export function renderRestoredVersion({
  table,
  restoredVersionId,
}: RestoredVersion): Static<typeof RestoredVersionSchema> {
  return {
    restored_version_id: restoredVersionId,
    version_id: table.current.id,
    row_count: table.current.rowCount,
    size_bytes: table.current.sizeBytes,
  };
}
