import type { MetadataStore, NewBucket, NewProject, NewTable, PublishOptions } from '../metadata-store.js';
import type { ApiKeyRecord, FileRecord, OperationLogEntry, UploadRecord, VersionRecord } from '../records.js';

export const START = new Date('2026-03-01T10:00:00.123Z');

export function at(seconds: number): Date {
  return new Date(START.getTime() + seconds * 1000);
}

export function project(id: string, more: Partial<NewProject> = {}): NewProject {
  return { id, name: `Project ${id}`, settings: null, createdAt: START, ...more };
}

export function bucket(projectId: string, name: string, more: Partial<NewBucket> = {}): NewBucket {
  const id = `bucket-${projectId}-${name}`;
  return { id, projectId, branchId: 'default', name, description: null, createdAt: START, ...more };
}

export function version(id: string, tableId: string, more: Partial<VersionRecord> = {}): VersionRecord {
  return {
    id,
    tableId,
    projectId: 'p1',
    fileId: more.id ?? id,
    parentId: null,
    columns: [
      { name: 'id', type: 'BIGINT', nullable: false, default: null },
      { name: 'Straße "x"', type: 'VARCHAR', nullable: true, default: "'it''s'" },
    ],
    primaryKey: ['id'],
    rowCount: 3_000_000_000,
    sizeBytes: 1000,
    checksum: 'ab'.repeat(32),
    blockSizeBytes: 262_144,
    operation: 'table.create',
    createdAt: START,
    createdBy: 'admin',
    ...more,
  };
}

/** A table whose id is `table-{name}` and whose first version is `{name}-1`. */
export function table(bucketId: string, name: string, more: Partial<VersionRecord> = {}): NewTable {
  const id = `table-${name}`;
  return {
    id,
    projectId: 'p1',
    bucketId,
    name,
    description: null,
    columnDescriptions: {},
    createdAt: START,
    version: version(`${name}-1`, id, more),
  };
}

/** Published `seconds` after the start; history keeps plenty. */
export function publishing(seconds: number, imported = false): PublishOptions {
  return { now: at(seconds), imported, keepVersions: 100 };
}

/** Everything that was retired and that no snapshot holds, whatever its age. */
export async function retiredIds(store: MetadataStore, limit = 100): Promise<string[]> {
  return (await store.listCollectableVersions(at(1e9), limit)).map(({ id }) => id);
}

export function file(id: string, more: Partial<FileRecord> = {}): FileRecord {
  return {
    id,
    projectId: 'p1',
    name: `${id}.csv`,
    path: `project_p1/2026/03/01/${id}_${id}.csv`,
    sizeBytes: 10,
    contentType: 'text/csv',
    checksumSha256: 'cd'.repeat(32),
    tags: { origin: 'test' },
    createdAt: START,
    expiresAt: null,
    ...more,
  };
}

export function upload(key: string, more: Partial<UploadRecord> = {}): UploadRecord {
  return {
    key,
    projectId: 'p1',
    fileName: `${key}.csv`,
    contentType: null,
    declaredSizeBytes: 7,
    declaredSha256: null,
    tags: null,
    createdAt: START,
    expiresAt: at(60),
    uploaded: null,
    ...more,
  };
}

export function apiKey(id: string, more: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  return {
    id,
    projectId: 'p1',
    keyHash: `hash-${id}`,
    keyPrefix: 'proj_p1_admin_...',
    scope: 'project_admin',
    branchId: null,
    description: null,
    createdAt: START,
    createdBy: 'admin',
    lastUsedAt: null,
    expiresAt: null,
    revokedAt: null,
    ...more,
  };
}

export function operation(requestId: string, more: Partial<OperationLogEntry> = {}): OperationLogEntry {
  return {
    timestamp: START,
    requestId,
    projectId: 'p1',
    branchId: 'default',
    operation: 'table.create',
    resourceId: 'in_c_sales.orders',
    actor: 'admin',
    outcome: 'success',
    errorCode: null,
    errorMessage: null,
    details: { rows: 3 },
    durationMs: 12,
    ...more,
  };
}

/** Project `p1` with bucket `sales`. */
export async function startWithBucket(store: MetadataStore): Promise<{ bucketId: string }> {
  const sales = bucket('p1', 'sales');
  await store.transaction(async (tx) => {
    await tx.insertProject(project('p1'));
    await tx.insertBucket(sales);
  });
  return { bucketId: sales.id };
}
