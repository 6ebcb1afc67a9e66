/** Names as a caller gives them; services resolve them to records. `default` is the main branch. */
export interface BranchRef {
  readonly projectId: string;
  readonly branchId: string;
}

export interface BucketRef extends BranchRef {
  readonly bucketName: string;
}

export interface TableRef extends BucketRef {
  readonly tableName: string;
}

/** A workspace as an address names it: without a branch it may be any of the project's. */
export interface WorkspaceRef {
  readonly projectId: string;
  readonly branchId: string | undefined;
  readonly workspaceId: string;
}

/** One of the versions that the history of a table keeps: by its id, or the one that was current at a moment. */
export type VersionChoice = { readonly versionId: string } | { readonly asOf: Date };

/** A table as it is, or as it was. */
export interface TableVersionRef extends TableRef {
  readonly at?: VersionChoice;
}

export const DEFAULT_BRANCH_ID = 'default';
