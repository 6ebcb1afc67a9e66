import { createRegistry, type Registry } from '@bufbuild/protobuf';
import type { Command } from './define-command.js';
import { file_proto_backend } from './gen/proto/backend_pb.js';
import { file_proto_backend_bigQuery } from './gen/proto/backend/bigQuery_pb.js';
import { file_proto_bucket } from './gen/proto/bucket_pb.js';
import { file_proto_common } from './gen/proto/common_pb.js';
import { file_proto_credentials } from './gen/proto/credentials_pb.js';
import { file_proto_executeQuery } from './gen/proto/executeQuery_pb.js';
import { file_proto_info } from './gen/proto/info_pb.js';
import { file_proto_project } from './gen/proto/project_pb.js';
import { file_proto_table } from './gen/proto/table_pb.js';
import { file_proto_workspace } from './gen/proto/workspace_pb.js';
import { file_google_protobuf_wrappers } from '@bufbuild/protobuf/wkt';
import { clearWorkspace } from './handlers/clear-workspace.js';
import { createWorkspace } from './handlers/create-workspace.js';
import { dropWorkspaceObject } from './handlers/drop-workspace-object.js';
import { dropWorkspace } from './handlers/drop-workspace.js';
import { executeQuery } from './handlers/execute-query.js';
import { loadTableToWorkspace } from './handlers/load-table-to-workspace.js';
import { resetWorkspacePassword } from './handlers/reset-workspace-password.js';
import { grantWorkspaceAccess, revokeWorkspaceAccess } from './handlers/workspace-access.js';
import { addColumn } from './handlers/add-column.js';
import { addPrimaryKey } from './handlers/add-primary-key.js';
import { alterColumn } from './handlers/alter-column.js';
import { createBucket } from './handlers/create-bucket.js';
import { createDevBranch } from './handlers/create-dev-branch.js';
import { createProfileTable } from './handlers/create-profile-table.js';
import { createProject } from './handlers/create-project.js';
import { createTableFromTimeTravel } from './handlers/create-table-from-time-travel.js';
import { createTable } from './handlers/create-table.js';
import { deleteTableRows } from './handlers/delete-table-rows.js';
import { dropBucket } from './handlers/drop-bucket.js';
import { dropColumn } from './handlers/drop-column.js';
import { dropDevBranch } from './handlers/drop-dev-branch.js';
import { dropPrimaryKey } from './handlers/drop-primary-key.js';
import { dropProject } from './handlers/drop-project.js';
import { dropTable } from './handlers/drop-table.js';
import { grantBucketAccess } from './handlers/grant-bucket-access.js';
import { initBackend } from './handlers/init-backend.js';
import { linkBucket } from './handlers/link-bucket.js';
import { listSchemas } from './handlers/list-schemas.js';
import { objectInfo } from './handlers/object-info.js';
import { previewTable } from './handlers/preview-table.js';
import { removeBackend } from './handlers/remove-backend.js';
import { revokeBucketAccess } from './handlers/revoke-bucket-access.js';
import { shareBucket } from './handlers/share-bucket.js';
import { tableExportToFile } from './handlers/table-export-to-file.js';
import { tableImportFromFile } from './handlers/table-import-from-file.js';
import { tableImportFromTable } from './handlers/table-import-from-table.js';
import { unlinkBucket } from './handlers/unlink-bucket.js';
import { unshareBucket } from './handlers/unshare-bucket.js';
import { unsupportedCommands } from './handlers/unsupported.js';
import { updateProject } from './handlers/update-project.js';

/** Every command that there is, in the order of the protocol. */
export const commands: readonly Command[] = [
  initBackend,
  removeBackend,
  createProject,
  updateProject,
  dropProject,
  createDevBranch,
  dropDevBranch,
  createBucket,
  dropBucket,
  shareBucket,
  unshareBucket,
  linkBucket,
  unlinkBucket,
  grantBucketAccess,
  revokeBucketAccess,
  createTable,
  dropTable,
  addColumn,
  alterColumn,
  dropColumn,
  addPrimaryKey,
  dropPrimaryKey,
  previewTable,
  deleteTableRows,
  tableImportFromFile,
  tableImportFromTable,
  tableExportToFile,
  createTableFromTimeTravel,
  createProfileTable,
  objectInfo,
  listSchemas,
  createWorkspace,
  dropWorkspace,
  clearWorkspace,
  dropWorkspaceObject,
  resetWorkspacePassword,
  grantWorkspaceAccess,
  revokeWorkspaceAccess,
  loadTableToWorkspace,
  executeQuery,
  ...unsupportedCommands,
];

const byFullName = new Map(commands.map((command) => [command.request.typeName, command]));
const byShortName = new Map(commands.map((command) => [command.request.name, command]));

/** The full name decides: short names are unique for commands, but not for every message. */
export function findCommand(typeUrl: string): Command | undefined {
  return byFullName.get(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
}

/** For the JSON of the reference, which may leave the package out. */
export function findCommandByShortName(name: string): Command | undefined {
  return byShortName.get(name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('.')) + 1));
}

/** What an `Any` may hold, for the JSON form. */
export const driverRegistry: Registry = createRegistry(
  file_google_protobuf_wrappers,
  file_proto_common,
  file_proto_credentials,
  file_proto_backend,
  file_proto_backend_bigQuery,
  file_proto_project,
  file_proto_bucket,
  file_proto_table,
  file_proto_info,
  file_proto_workspace,
  file_proto_executeQuery,
);
