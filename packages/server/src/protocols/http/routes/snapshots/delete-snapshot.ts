import { defineChange } from '../../define-route.js';
import { branchRef, SNAPSHOT_PATH, SnapshotParams } from '../../schemas/paths.js';

export const deleteSnapshot = defineChange({
  operation: 'snapshot.delete',
  method: 'DELETE',
  path: SNAPSHOT_PATH,
  summary: 'Delete a snapshot',
  params: SnapshotParams,
  success: { status: 204, description: 'Deleted' },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'snapshot_not_found'],
  run: ({ services, params }, change) => services.snapshots.delete(change, branchRef(params), params.snapshot_id),
});
