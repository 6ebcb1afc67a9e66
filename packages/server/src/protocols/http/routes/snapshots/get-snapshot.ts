import { defineRead } from '../../define-route.js';
import { branchRef, SNAPSHOT_PATH, SnapshotParams } from '../../schemas/paths.js';
import { renderSnapshotDetail, SnapshotDetailSchema } from '../../schemas/snapshots.js';

export const getSnapshot = defineRead({
  operation: 'snapshot.get',
  method: 'GET',
  path: SNAPSHOT_PATH,
  summary: 'One snapshot, with columns and key',
  params: SnapshotParams,
  success: { status: 200, description: 'The snapshot', schema: SnapshotDetailSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'snapshot_not_found'],
  handle: async ({ services, params }) =>
    renderSnapshotDetail(await services.snapshots.get(branchRef(params), params.snapshot_id)),
});
