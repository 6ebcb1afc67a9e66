import { Type, type Static } from 'typebox';
import type { FileRecord, UploadRecord } from '../../../metadata/records.js';
import type { UploadResult } from '../services.js';
import { formatOptionalTimestamp, formatTimestamp } from '../timestamps.js';
import { Nullable, Shared } from './nullable.js';

const tags = Type.Unsafe<Record<string, string>>({
  type: 'object',
  additionalProperties: { type: 'string' },
  description: 'Texts by name',
});

export const FileSchema = Type.Object(
  {
    id: Type.String(),
    project_id: Type.String(),
    name: Type.String(),
    path: Type.String(),
    size_bytes: Type.Integer(),
    content_type: Nullable(Type.String()),
    checksum_sha256: Nullable(Type.String()),
    is_staged: Type.Boolean(),
    created_at: Type.String({ format: 'date-time' }),
    expires_at: Nullable(Type.String({ format: 'date-time' })),
    tags: Nullable(tags),
  },
  { $id: 'File' },
);

export const FileListSchema = Type.Object(
  { files: Type.Array(Shared(FileSchema)), total: Type.Integer() },
  { $id: 'FileList' },
);

export const PrepareFileBody = Type.Object(
  {
    filename: Type.String(),
    content_type: Type.Optional(Nullable(Type.String())),
    size_bytes: Type.Optional(
      Nullable(Type.Integer({ minimum: 0, description: 'When given, the upload must have this size' })),
    ),
    checksum_sha256: Type.Optional(
      Nullable(
        Type.String({
          pattern: '^[0-9a-fA-F]{64}$',
          description: 'When given, the upload must have this checksum',
        }),
      ),
    ),
    tags: Type.Optional(Nullable(tags)),
  },
  { $id: 'PrepareFile' },
);

export const PreparedUploadSchema = Type.Object(
  {
    upload_key: Type.String(),
    upload_url: Type.String({ description: 'Path to upload to' }),
    expires_at: Type.String({ format: 'date-time' }),
  },
  { $id: 'PreparedUpload' },
);

export const UploadResultSchema = Type.Object(
  {
    upload_key: Type.String(),
    staging_path: Type.String(),
    size_bytes: Type.Integer(),
    checksum_sha256: Type.String(),
  },
  { $id: 'UploadResult' },
);

export const RegisterFileBody = Type.Object(
  {
    upload_key: Type.String(),
    name: Type.Optional(Nullable(Type.String({ description: 'Instead of the name given to prepare' }))),
    tags: Type.Optional(Nullable(tags)),
  },
  { $id: 'RegisterFile' },
);

export function renderFile(file: FileRecord): Static<typeof FileSchema> {
  return {
    id: file.id,
    project_id: file.projectId,
    name: file.name,
    path: file.path,
    size_bytes: file.sizeBytes,
    content_type: file.contentType,
    checksum_sha256: file.checksumSha256,
    is_staged: false,
    created_at: formatTimestamp(file.createdAt),
    expires_at: formatOptionalTimestamp(file.expiresAt),
    tags: file.tags === null ? null : { ...file.tags },
  };
}

export function renderPreparedUpload(upload: UploadRecord, prefix: string): Static<typeof PreparedUploadSchema> {
  const project = encodeURIComponent(upload.projectId);
  return {
    upload_key: upload.key,
    upload_url: `${prefix}/projects/${project}/files/upload/${encodeURIComponent(upload.key)}`,
    expires_at: formatTimestamp(upload.expiresAt),
  };
}

export function renderUpload(result: UploadResult): Static<typeof UploadResultSchema> {
  return {
    upload_key: result.uploadKey,
    staging_path: result.stagingPath,
    size_bytes: result.sizeBytes,
    checksum_sha256: result.checksumSha256,
  };
}
