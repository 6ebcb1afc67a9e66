import { defineChange } from '../../define-route.js';
import { BranchSchema, renderBranch, UpdateBranchBody } from '../../schemas/branches.js';
import { BRANCH_PATH, BranchParams, branchRef } from '../../schemas/paths.js';

export const updateBranch = defineChange({
  operation: 'branch.update',
  method: 'PUT',
  path: BRANCH_PATH,
  summary: 'Change the name or the description of a branch',
  params: BranchParams,
  body: UpdateBranchBody,
  success: { status: 200, description: 'The branch', schema: BranchSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'branch_name_exists', 'invalid_name'],
  subject: ({ params }) => ({ resourceId: params.branch_id }),
  run: ({ services, params, body }, change) => services.branches.update(change, branchRef(params), body),
  render: renderBranch,
});
