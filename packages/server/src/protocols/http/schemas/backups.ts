import { Type, type Static, type TSchema } from 'typebox';
import type { Backup } from '../services.js';
import { formatTimestamp } from '../timestamps.js';
import { Nullable, Shared } from './nullable.js';

export const BackupSchema = Type.Object(
  {
    name: Type.String(),
    created_at: Type.String({ format: 'date-time', description: 'The moment whose state this is' }),
    duration_ms: Type.Integer(),
    service_version: Type.String({ description: 'The version of the service that made it' }),
    path: Type.String({ description: 'Directory on the server' }),
    size_bytes: Type.Integer({ description: 'Of everything in it; hard links take no space of their own' }),
    project_count: Type.Integer(),
    bucket_count: Type.Integer(),
    table_count: Type.Integer(),
    version_file_count: Type.Integer({ description: 'Table files: of current versions, histories and snapshots' }),
    file_count: Type.Integer({ description: 'Registered files and uploads that wait to be registered' }),
    linked_files: Type.Integer({ description: 'How many of the files are hard links' }),
    copied_files: Type.Integer({ description: 'How many of the files are copies' }),
    workspace_count: Type.Integer({ description: 'Workspaces, with what is in them' }),
    skipped_workspaces: Type.Array(Type.String(), {
      description: 'Workspaces that were written to all the time: what is in them is not in the backup',
    }),
    has_admin_key: Type.Boolean({ description: 'The admin key is in it; it is not when ADMIN_API_KEY gives the key' }),
  },
  { $id: 'Backup' },
);

export const BackupListSchema = Type.Object(
  { backups: Type.Array(Shared(BackupSchema)), total: Type.Integer() },
  { $id: 'BackupList' },
);

export const CreateBackupBody = Type.Object(
  {
    name: Type.Optional(Nullable(Type.String({ description: 'Made from the time unless given' }))),
  },
  { $id: 'CreateBackup' },
);

export const backupSchemas: readonly TSchema[] = [BackupSchema, BackupListSchema, CreateBackupBody];

export const BackupParams = Type.Object({ backup_name: Type.String({ description: 'Backup name' }) });

export function renderBackup(backup: Backup): Static<typeof BackupSchema> {
  const { metadata, counts, bytes } = backup;
  const workspaceBytes = backup.workspaces
    .flatMap(({ files }) => files)
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    name: backup.name,
    created_at: formatTimestamp(backup.createdAt),
    duration_ms: backup.durationMs,
    service_version: backup.serviceVersion,
    path: backup.path,
    size_bytes: metadata.sizeBytes + bytes.versionFiles + bytes.files + workspaceBytes,
    project_count: counts.projects,
    bucket_count: counts.buckets,
    table_count: counts.tables,
    version_file_count: counts.versionFiles,
    file_count: counts.files,
    linked_files: backup.linkedFiles,
    copied_files: backup.copiedFiles,
    workspace_count: backup.workspaces.length,
    skipped_workspaces: [...backup.skippedWorkspaceIds],
    has_admin_key: backup.hasAdminKey,
  };
}
