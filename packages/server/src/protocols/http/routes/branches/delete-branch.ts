import { defineChange } from '../../define-route.js';
import { BRANCH_PATH, BranchParams, branchRef } from '../../schemas/paths.js';

export const deleteBranch = defineChange({
  operation: 'branch.delete',
  method: 'DELETE',
  path: BRANCH_PATH,
  summary: 'Delete a branch and everything it has of its own',
  description: 'Its tables, keys, snapshots and settings go with it; main does not change.',
  params: BranchParams,
  success: { status: 204, description: 'Deleted' },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found'],
  subject: ({ params }) => ({ resourceId: params.branch_id }),
  run: ({ services, params }, change) => services.branches.delete(change, branchRef(params)),
});
