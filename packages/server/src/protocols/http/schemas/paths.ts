import { Type, type Static } from 'typebox';
import type { BucketRef, BranchRef, TableRef } from '../../../model/refs.js';

export const PROJECT_PATH = '/projects/:project_id';
export const BRANCHES_PATH = `${PROJECT_PATH}/branches`;
export const BRANCH_PATH = `${BRANCHES_PATH}/:branch_id`;
export const BUCKETS_PATH = `${BRANCH_PATH}/buckets`;
export const BUCKET_PATH = `${BUCKETS_PATH}/:bucket_name`;
export const TABLES_PATH = `${BUCKET_PATH}/tables`;
export const TABLE_PATH = `${TABLES_PATH}/:table_name`;
export const SNAPSHOTS_PATH = `${PROJECT_PATH}/branches/:branch_id/snapshots`;
export const SNAPSHOT_PATH = `${SNAPSHOTS_PATH}/:snapshot_id`;
export const COLUMNS_PATH = `${TABLE_PATH}/columns`;
export const COLUMN_PATH = `${COLUMNS_PATH}/:column_name`;
export const FILES_PATH = `${PROJECT_PATH}/files`;
export const FILE_PATH = `${FILES_PATH}/:file_id`;

const projectId = { project_id: Type.String({ description: 'Project id' }) };
const branchId = {
  ...projectId,
  branch_id: Type.String({ description: 'Branch id; `default` is the main branch' }),
};
const bucketName = { ...branchId, bucket_name: Type.String({ description: 'Bucket name' }) };

export const ProjectParams = Type.Object(projectId);
export const BranchParams = Type.Object(branchId);
export const BucketParams = Type.Object(bucketName);
const tableName = { ...bucketName, table_name: Type.String({ description: 'Table name' }) };

export const TableParams = Type.Object(tableName);
export const ColumnParams = Type.Object({ ...tableName, column_name: Type.String({ description: 'Column name' }) });
export const TableVersionParams = Type.Object({
  ...TableParams.properties,
  version_id: Type.String({ description: 'Version id' }),
});
export const SnapshotParams = Type.Object({ ...branchId, snapshot_id: Type.String({ description: 'Snapshot id' }) });
export const FileParams = Type.Object({ ...projectId, file_id: Type.String({ description: 'File id' }) });
export const UploadParams = Type.Object({
  ...projectId,
  upload_key: Type.String({ description: 'Key that prepare gave' }),
});

export function branchRef(params: Static<typeof BranchParams>): BranchRef {
  return { projectId: params.project_id, branchId: params.branch_id };
}

export function bucketRef(params: Static<typeof BucketParams>): BucketRef {
  return { ...branchRef(params), bucketName: params.bucket_name };
}

export function tableRef(params: Static<typeof TableParams>): TableRef {
  return { ...bucketRef(params), tableName: params.table_name };
}
