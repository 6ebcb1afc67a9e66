import type { TSchema } from 'typebox';
import { apiKeySchemas } from './api-keys.js';
import { auditSchemas } from './audit.js';
import { BackendResultSchema, HealthSchema, ServiceSchema } from './backend.js';
import { bucketSchemas } from './buckets.js';
import { backupSchemas } from './backups.js';
import { columnSchemas } from './columns.js';
import { branchSchemas } from './branches.js';
import { ErrorSchema, PlainErrorSchema, TopLevelErrorSchema, ValidationErrorSchema } from './errors.js';
import {
  FileListSchema,
  FileSchema,
  PreparedUploadSchema,
  PrepareFileBody,
  RegisterFileBody,
  UploadResultSchema,
} from './files.js';
import {
  CreatedProjectSchema,
  CreateProjectBody,
  ProjectListSchema,
  ProjectSchema,
  ProjectStatsSchema,
  UpdateProjectBody,
} from './projects.js';
import { sharingSchemas } from './sharing.js';
import { snapshotSchemas } from './snapshots.js';
import { snapshotSettingsSchemas } from './snapshot-settings.js';
import { profileSchemas } from './table-profile.js';
import { tableSchemas } from './tables.js';
import { transferSchemas } from './transfers.js';
import { versionSchemas } from './versions.js';
import { wireSessionSchemas } from './wire-sessions.js';
import { workspaceQuerySchemas } from './workspace-queries.js';
import { workspaceSchemas } from './workspaces.js';

/** Every shape that the OpenAPI document names; a schema not listed here is described in place. */
export const sharedSchemas: readonly TSchema[] = [
  ErrorSchema,
  ValidationErrorSchema,
  PlainErrorSchema,
  TopLevelErrorSchema,
  ServiceSchema,
  HealthSchema,
  BackendResultSchema,
  ...backupSchemas,
  ProjectSchema,
  CreatedProjectSchema,
  ProjectListSchema,
  ProjectStatsSchema,
  CreateProjectBody,
  UpdateProjectBody,
  ...apiKeySchemas,
  ...auditSchemas,
  ...bucketSchemas,
  ...branchSchemas,
  ...sharingSchemas,
  ...tableSchemas,
  ...columnSchemas,
  ...profileSchemas,
  ...transferSchemas,
  ...versionSchemas,
  ...snapshotSchemas,
  ...snapshotSettingsSchemas,
  FileSchema,
  FileListSchema,
  PrepareFileBody,
  PreparedUploadSchema,
  UploadResultSchema,
  RegisterFileBody,
  ...workspaceSchemas,
  ...workspaceQuerySchemas,
  ...wireSessionSchemas,
];
