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

export const DEFAULT_BRANCH_ID = 'default';
