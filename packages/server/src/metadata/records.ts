import type { ColumnDescriptions } from '../model/column-descriptions.js';
import type { ColumnDefinition } from '../model/columns.js';
import type { OperationName } from '../model/operations.js';
import type { SnapshotType } from '../model/snapshot-settings.js';

export type JsonObject = { readonly [key: string]: JsonValue };
export type JsonValue = string | number | boolean | null | JsonObject | readonly JsonValue[];

export interface ProjectRecord {
  readonly id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly status: 'active' | 'deleted';
  readonly settings: JsonObject | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Counted from buckets and current versions, always true. */
  readonly bucketCount: number;
  readonly tableCount: number;
  readonly sizeBytes: number;
}

/** A development branch: what it has not written itself, it reads from main. */
export interface BranchRecord {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: Date;
  /** Id of the key that made it, `admin` for the admin key. */
  readonly createdBy: string;
  /** Its own tables, and the bytes of their current versions. */
  readonly tableCount: number;
  readonly sizeBytes: number;
}

/** Where something that a branch shows comes from. */
export type BranchSource = 'main' | 'branch' | 'branch_only';

/** Something of main that a branch has deleted for itself. */
export interface BranchDeletion {
  readonly bucketName: string;
  /** Null: the whole bucket. */
  readonly tableName: string | null;
  /** The version of main's table that the branch saw; null for a bucket. */
  readonly mainVersionId: string | null;
}

export interface BucketRecord {
  /** Surrogate id: never shown, survives a rename. */
  readonly id: string;
  readonly projectId: string;
  /** The branch it was looked for in. */
  readonly branchId: string;
  readonly source: BranchSource;
  /** The branch's own row; null when it shows main's only. */
  readonly ownId: string | null;
  /** Main's row that the branch shows through; null when there is none, and in main itself. */
  readonly mainId: string | null;
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Of a linked bucket: those of its source. */
  readonly tableCount: number;
  readonly sizeBytes: number;
  /** Null unless this is a linked bucket. */
  readonly linkedFrom: LinkSource | null;
  /** Keys of linking projects that may only read, read it too. Of a linked bucket: what its source says. */
  readonly readonlyGranted: boolean;
}

/** The bucket whose tables a linked bucket shows, live and read-only. It is never a linked bucket itself. */
export interface LinkSource {
  readonly bucketId: string;
  readonly projectId: string;
  readonly bucketName: string;
}

/** The owner of a bucket lets a project link it. */
export interface BucketShareRecord {
  readonly targetProjectId: string;
  readonly createdAt: Date;
  readonly createdBy: string;
}

/** A linked bucket, as its source sees it. */
export interface BucketLinkRecord {
  readonly bucketId: string;
  readonly projectId: string;
  readonly branchId: string;
  readonly bucketName: string;
  readonly source: LinkSource;
  /** The link ends with the share it was made through; otherwise it was made by the admin, or within one project. */
  readonly throughShare: boolean;
  readonly createdAt: Date;
  readonly createdBy: string;
}

/** A share, as its target sees it. */
export interface SharedBucketRecord {
  readonly bucket: BucketRecord;
  readonly sharedAt: Date;
  /** Names of the linked buckets in the target project, in its main branch. */
  readonly linkedAs: readonly string[];
}

/** One immutable state of a table, in one file under `_versions`, complete and synced. */
export interface VersionRecord {
  readonly id: string;
  readonly tableId: string;
  readonly projectId: string;
  /** Names the file. The version that a worker built has its own id here, a restored one that of the version it repeats. */
  readonly fileId: string;
  /** The version this one was built from; null for the first. */
  readonly parentId: string | null;
  readonly columns: readonly ColumnDefinition[];
  readonly primaryKey: readonly string[];
  readonly rowCount: number;
  readonly sizeBytes: number;
  /** SHA-256 of the file, 64 hex digits. */
  readonly checksum: string;
  /** DuckDB block size of the file, bytes. */
  readonly blockSizeBytes: number;
  readonly operation: OperationName;
  readonly createdAt: Date;
  /** Id of the key that made it, `admin` for the admin key. */
  readonly createdBy: string;
}

/** A version in a table's history. */
export interface KeptVersionRecord extends VersionRecord {
  /** When the next one replaced it; null while it is current. */
  readonly retiredAt: Date | null;
}

/** A version that stands on a file, with what keeps it. */
export interface VersionOnFile {
  readonly version: VersionRecord;
  /** `current`: its table is at it; `kept`: by the history of its table; `retired`: only until it is collected. */
  readonly state: 'current' | 'kept' | 'retired';
  /** Null when the table is gone. */
  readonly table: { readonly branchId: string; readonly bucketName: string; readonly name: string } | null;
  readonly snapshotIds: readonly string[];
}

/** A name and an expiry for one version of a table: while it exists, the version is kept. */
export interface SnapshotRecord {
  readonly id: string;
  readonly projectId: string;
  readonly branchId: string;
  /** Where the table was; it may be gone. */
  readonly bucketName: string;
  readonly tableName: string;
  /** What people said about the table then, for the case that it has to be made again. */
  readonly tableDescription: string | null;
  readonly columnDescriptions: Readonly<Record<string, string>>;
  readonly type: SnapshotType;
  readonly description: string | null;
  readonly createdAt: Date;
  /** Id of the key that made it, `admin` for the admin key. */
  readonly createdBy: string;
  readonly expiresAt: Date;
  readonly version: VersionRecord;
}

/** Whose snapshot settings: `id` is that of the project, the bucket or the table. */
export interface SettingsOwner {
  readonly kind: 'project' | 'bucket' | 'table';
  readonly id: string;
}

/**
 * A table as it is found in a bucket. Through a linked bucket, project and bucket are those of the link, and everything
 * else is the source's: an export made there belongs to the linking project.
 */
export interface TableRecord {
  readonly id: string;
  readonly projectId: string;
  /** The branch it was looked for in. */
  readonly branchId: string;
  readonly source: BranchSource;
  /** Of a branch's own table that began as one of main: its first version, which stands on main's file. */
  readonly baseVersionId: string | null;
  readonly bucketId: string;
  readonly bucketName: string;
  /** Where the table really is, when it was found through a linked bucket; such a table can only be read. */
  readonly linkedFrom: LinkSource | null;
  readonly name: string;
  readonly description: string | null;
  readonly columnDescriptions: ColumnDescriptions;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly lastImportedAt: Date | null;
  readonly current: VersionRecord;
}

export interface FileRecord {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  /** Key in the file store, e.g. `project_p1/2026/11/23/{id}_d.csv`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly contentType: string | null;
  readonly checksumSha256: string;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
}

export interface UploadRecord {
  readonly key: string;
  readonly projectId: string;
  readonly fileName: string;
  readonly contentType: string | null;
  readonly declaredSizeBytes: number | null;
  readonly declaredSha256: string | null;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** What arrived; null until an upload completed. `path` is a key in the file store. */
  readonly uploaded: { readonly path: string; readonly sizeBytes: number; readonly checksumSha256: string } | null;
}

export type ApiKeyScope = 'project_admin' | 'project_read' | 'branch_admin' | 'branch_read';

export interface ApiKeyRecord {
  readonly id: string;
  readonly projectId: string;
  /** SHA-256 of the key text, 64 hex digits; unique. The text itself is shown once and never stored. */
  readonly keyHash: string;
  /** What users see of it, e.g. `proj_p1_admin_...`. */
  readonly keyPrefix: string;
  readonly scope: ApiKeyScope;
  /** Set for the two branch scopes only. */
  readonly branchId: string | null;
  readonly description: string | null;
  readonly createdAt: Date;
  /** Id of the key that made it, `admin` for the admin key. */
  readonly createdBy: string;
  readonly lastUsedAt: Date | null;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** One line of the audit: every change and every refused change. */
export interface OperationLogEntry {
  readonly timestamp: Date;
  readonly requestId: string;
  readonly projectId: string | null;
  /** The one that was asked for, `default` for main; null for what belongs to no branch. */
  readonly branchId: string | null;
  readonly operation: OperationName;
  readonly resourceId: string | null;
  /** Key id, `admin`, or null when nobody was recognised. */
  readonly actor: string | null;
  readonly outcome: 'success' | 'refused' | 'failed';
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly details: JsonObject | null;
  readonly durationMs: number;
}

export interface IdempotencyRecord {
  /** Caller the key belongs to: an API key id or `admin`. */
  readonly scope: string;
  readonly key: string;
  readonly method: string;
  readonly path: string;
  /** SHA-256 of the body, null when it was empty. */
  readonly bodyHash: string | null;
  /** Null while the first request is still running. */
  readonly answer: { readonly status: number; readonly body: string } | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}
