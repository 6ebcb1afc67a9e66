import { defineChange } from '../../define-route.js';
import { MergeBranchBody, MergeResultSchema, renderMerge } from '../../schemas/branches.js';
import { BRANCH_PATH, BranchParams, branchRef } from '../../schemas/paths.js';

export const mergeBranch = defineChange({
  operation: 'branch.merge',
  method: 'POST',
  path: `${BRANCH_PATH}/merge`,
  summary: 'Bring what a branch has written to main',
  description:
    'All of it at once: readers of main see none of it, or all of it. What is replaced is kept as a snapshot first. Afterwards the branch reads the merged tables from main again.',
  params: BranchParams,
  body: MergeBranchBody,
  success: { status: 200, description: 'What was done with each table', schema: MergeResultSchema },
  errors: [
    'project_not_found',
    'project_db_not_found',
    'branch_not_found',
    'table_not_found',
    'merge_conflict',
    'version_conflict',
    'table_busy',
    'server_busy',
    'storage_full',
    'deadline_exceeded',
  ],
  subject: ({ params }) => ({ resourceId: params.branch_id }),
  run: ({ services, params, body }, change) =>
    services.branchMerge.merge(change, branchRef(params), {
      tables: body.tables?.map(({ bucket, table }) => ({ bucketName: bucket, tableName: table })) ?? null,
      strategy: body.strategy ?? null,
    }),
  render: renderMerge,
});
