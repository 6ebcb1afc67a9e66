import { defineChange } from '../../define-route.js';
import { branchRef, SNAPSHOT_PATH, SnapshotParams } from '../../schemas/paths.js';
import { renderRestoredSnapshot, RestoredSnapshotSchema, RestoreSnapshotBody } from '../../schemas/snapshots.js';

export const restoreSnapshot = defineChange({
  operation: 'snapshot.restore',
  method: 'POST',
  path: `${SNAPSHOT_PATH}/restore`,
  summary: 'Give a table the state of a snapshot',
  description:
    'At the original place unless another one is named: a table that is there is replaced, after a snapshot of it unless snapshots are ' +
    'disabled; one that was dropped is made again. Another place must be free. The snapshot stays and can be restored again.',
  params: SnapshotParams,
  body: RestoreSnapshotBody,
  success: { status: 200, description: 'Where it is, and how many rows it has', schema: RestoredSnapshotSchema },
  errors: [
    'invalid_name',
    'bucket_is_linked',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'snapshot_not_found',
    'bucket_not_found',
    'table_exists',
    'version_conflict',
    'table_busy',
  ],
  run: ({ services, params, body }, change) =>
    services.snapshots.restore(change, branchRef(params), params.snapshot_id, {
      bucketName: body.target_bucket ?? null,
      tableName: body.target_table ?? null,
    }),
  render: renderRestoredSnapshot,
});
