import { defineChange } from '../../define-route.js';
import { PullListSchema, renderPulls } from '../../schemas/branches.js';
import { BRANCH_PATH, BranchParams, branchRef } from '../../schemas/paths.js';
import { PullQuery } from './pull-query.js';

export const pullBranch = defineChange({
  operation: 'branch.pull',
  method: 'POST',
  path: `${BRANCH_PATH}/pull`,
  summary: 'Let a branch read everything from main again',
  description: 'Tables that are only in the branch have nothing to pull and stay.',
  params: BranchParams,
  query: PullQuery,
  success: { status: 200, description: 'The tables that the branch had of its own', schema: PullListSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'table_busy'],
  subject: ({ params }) => ({ resourceId: params.branch_id }),
  run: ({ services, params, query }, change) =>
    services.branchPull.pullBranch(change, branchRef(params), { discard: query.discard ?? false }),
  render: renderPulls,
});
