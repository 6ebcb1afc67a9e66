import type { Generated } from 'kysely';

import type { ApiKeyScope } from '../records.js';
import type { QueryRecord, WorkspaceStatus } from '../workspace-records.js';
import type { SnapshotType } from '../../model/snapshot-settings.js';

/**
 * The tables as the query builder sees them; `migrations/` creates them and says why they have their keys.
 * Times are integer milliseconds, JSON is text, `*_key` is a name folded to lower case for comparison.
 */
export interface MetadataSchema {
  projects: ProjectRow;
  branches: BranchRow;
  branch_deletions: BranchDeletionRow;
  buckets: BucketRow;
  bucket_shares: BucketShareRow;
  tables: TableRow;
  versions: VersionRow;
  snapshots: SnapshotRow;
  snapshot_settings: SnapshotSettingsRow;
  files: FileRow;
  uploads: UploadRow;
  api_keys: ApiKeyRow;
  idempotency_records: IdempotencyRow;
  operations: OperationRow;
  workspaces: WorkspaceRow;
  wire_sessions: WireSessionRow;
  queries: QueryRow;
}

export interface ProjectRow {
  id: string;
  id_key: string;
  name: string | null;
  description: string | null;
  status: 'active' | 'deleted';
  settings: string | null;
  created_at: number;
  updated_at: number;
  /** The five counters belong to `counters.ts`; nothing else writes them. */
  bucket_count: number;
  table_count: number;
  size_bytes: number;
  file_count: number;
  file_bytes: number;
}

export interface BranchRow {
  id: string;
  project_id: string;
  name: string;
  description: string | null;
  created_at: number;
  created_by: string;
}

export interface BranchDeletionRow {
  project_id: string;
  branch_id: string;
  bucket_key: string;
  /** Empty: the whole bucket. */
  table_key: string;
  main_version_id: string | null;
  created_at: number;
  created_by: string;
}

export interface BucketRow {
  id: string;
  project_id: string;
  branch_id: string;
  name: string;
  name_key: string;
  description: string | null;
  created_at: number;
  updated_at: number;
  /** Both counters belong to `counters.ts`. */
  table_count: number;
  size_bytes: number;
  /** Set on a linked bucket, with the two that follow. */
  source_bucket_id: string | null;
  /** 1: the link ends with the share it was made through. */
  link_through_share: 0 | 1 | null;
  link_created_by: string | null;
  /** 1: keys of linking projects that may only read, read this bucket through their links. */
  readonly_granted: 0 | 1;
}

export interface BucketShareRow {
  bucket_id: string;
  target_project_id: string;
  created_at: number;
  created_by: string;
}

export interface TableRow {
  id: string;
  project_id: string;
  bucket_id: string;
  name: string;
  name_key: string;
  description: string | null;
  /** JSON: column name to text. */
  column_descriptions: string;
  base_version_id: string | null;
  current_version_id: string;
  created_at: number;
  updated_at: number;
  last_imported_at: number | null;
  /** Both are those of the current version; see `publication-queries.ts`. */
  row_count: number;
  size_bytes: number;
}

export interface VersionRow {
  id: string;
  table_id: string;
  project_id: string;
  /** The file under `_versions`; several versions may share one. */
  file_id: string;
  parent_id: string | null;
  columns: string;
  primary_key: string;
  row_count: number;
  size_bytes: number;
  checksum: string;
  block_size_bytes: number;
  operation: string;
  created_at: number;
  created_by: string;
  /** Null while a table is at this version. */
  retired_at: number | null;
  /** 1: history does not keep it any longer, because its table is gone or has enough newer versions. */
  dispensable: 0 | 1;
}

export interface SnapshotRow {
  id: string;
  project_id: string;
  branch_id: string;
  bucket_name: string;
  table_name: string;
  table_description: string | null;
  /** JSON: column name to text. */
  column_descriptions: string;
  version_id: string;
  /** That of the version, for the sum over all snapshots. */
  size_bytes: number;
  type: SnapshotType;
  description: string | null;
  created_at: number;
  created_by: string;
  expires_at: number;
}

export interface SnapshotSettingsRow {
  owner_kind: 'project' | 'bucket' | 'table';
  owner_id: string;
  project_id: string;
  settings: string;
  created_at: number;
  updated_at: number;
}

export interface FileRow {
  id: string;
  project_id: string;
  name: string;
  path: string;
  size_bytes: number;
  content_type: string | null;
  checksum_sha256: string;
  tags: string | null;
  created_at: number;
  expires_at: number | null;
}

export interface UploadRow {
  key: string;
  project_id: string;
  file_name: string;
  content_type: string | null;
  declared_size_bytes: number | null;
  declared_sha256: string | null;
  tags: string | null;
  created_at: number;
  expires_at: number;
  /** The three are set together when an upload completed. */
  uploaded_path: string | null;
  uploaded_size_bytes: number | null;
  uploaded_sha256: string | null;
}

export interface ApiKeyRow {
  id: string;
  project_id: string;
  key_hash: string;
  key_prefix: string;
  scope: ApiKeyScope;
  branch_id: string | null;
  description: string | null;
  created_at: number;
  created_by: string;
  last_used_at: number | null;
  expires_at: number | null;
  revoked_at: number | null;
}

export interface IdempotencyRow {
  scope: string;
  key: string;
  method: string;
  path: string;
  body_hash: string | null;
  /** Both are null while the first request runs. */
  answer_status: number | null;
  answer_body: string | null;
  created_at: number;
  expires_at: number;
}

export interface OperationRow {
  /** Given by the database, in the order of commits. */
  id: Generated<number>;
  logged_at: number;
  request_id: string;
  project_id: string | null;
  project_key: string | null;
  branch_id: string | null;
  operation: string;
  resource_type: string;
  resource_id: string | null;
  resource_key: string | null;
  actor: string | null;
  outcome: 'success' | 'refused' | 'failed';
  error_code: string | null;
  error_message: string | null;
  details: string | null;
  duration_ms: number;
}

export interface WorkspaceRow {
  id: string;
  project_id: string;
  branch_id: string;
  name: string;
  created_at: number;
  created_by: string;
  expires_at: number | null;
  size_limit_bytes: number;
  size_bytes: number;
  status: WorkspaceStatus;
  username: string;
  password_verifier: string | null;
}

export interface WireSessionRow {
  session_id: string;
  workspace_id: string;
  client_ip: string | null;
  application_name: string | null;
  encrypted: 0 | 1;
  connected_at: number;
  last_activity_at: number;
  query_count: number;
  status: string;
  ended_at: number | null;
}

export interface QueryRow {
  id: string;
  project_id: string;
  workspace_id: string;
  session_id: string | null;
  actor: string;
  statement: string;
  started_at: number;
  outcome: QueryRecord['outcome'];
  sql_state: string | null;
  error_message: string | null;
  row_count: number | null;
  result_bytes: number | null;
  duration_ms: number | null;
}
