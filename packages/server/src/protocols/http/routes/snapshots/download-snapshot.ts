import { defineResponder } from '../../define-route.js';
import { branchRef, SNAPSHOT_PATH, SnapshotParams } from '../../schemas/paths.js';
import { sendSnapshot, sendSnapshotHead } from '../../snapshot-download.js';

export const downloadSnapshot = defineResponder({
  operation: 'snapshot.download',
  method: 'GET',
  path: `${SNAPSHOT_PATH}/download`,
  summary: 'The rows of a snapshot as a Parquet file',
  description:
    'The file is made for this request and counts against no quota; it begins to arrive when it is complete. No ranges: for a download ' +
    'that can be resumed, restore the snapshot to another table and export that.',
  params: SnapshotParams,
  success: { status: 200, description: 'A Parquet file (zstd)', mediaType: 'application/x-parquet' },
  errors: [
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'snapshot_not_found',
    'server_busy',
    'deadline_exceeded',
    'out_of_memory',
    'storage_full',
  ],
  respond: async ({ services, params, request, reply, signal }) => {
    const branch = branchRef(params);
    if (request.method === 'HEAD') {
      return sendSnapshotHead(await services.snapshots.get(branch, params.snapshot_id), reply);
    }
    return sendSnapshot(await services.snapshotDownloads.open(branch, params.snapshot_id, signal), request, reply);
  },
});
