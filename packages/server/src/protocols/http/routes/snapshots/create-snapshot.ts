import { defineChange } from '../../define-route.js';
import { BranchParams, branchRef, SNAPSHOTS_PATH } from '../../schemas/paths.js';
import { CreateSnapshotBody, renderSnapshot, SnapshotSchema } from '../../schemas/snapshots.js';

export const createSnapshot = defineChange({
  operation: 'snapshot.create',
  method: 'POST',
  path: SNAPSHOTS_PATH,
  summary: 'Keep the present state of a table',
  description: 'At once, whatever the size of the table: the snapshot holds the version that is current now.',
  params: BranchParams,
  body: CreateSnapshotBody,
  success: { status: 201, description: 'The snapshot', schema: SnapshotSchema },
  errors: [
    'snapshots_disabled',
    'bucket_is_linked',
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'bucket_not_found',
    'table_not_found',
  ],
  subject: ({ body }) => ({ resourceId: `${body.bucket}.${body.table}` }),
  run: ({ services, params, body }, change) =>
    services.snapshots.create(
      change,
      { ...branchRef(params), bucketName: body.bucket, tableName: body.table },
      { description: body.description ?? null },
    ),
  render: renderSnapshot,
});
