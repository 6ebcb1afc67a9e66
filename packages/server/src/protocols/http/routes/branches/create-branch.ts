import { defineChange } from '../../define-route.js';
import { BranchSchema, CreateBranchBody, renderBranch } from '../../schemas/branches.js';
import { BRANCHES_PATH, ProjectParams } from '../../schemas/paths.js';

export const createBranch = defineChange({
  operation: 'branch.create',
  method: 'POST',
  path: BRANCHES_PATH,
  summary: 'Create a development branch',
  description: 'It takes the same short time whatever the project holds: the branch reads main live until it writes.',
  params: ProjectParams,
  body: CreateBranchBody,
  success: { status: 201, description: 'The branch', schema: BranchSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_name_exists', 'invalid_name', 'storage_full'],
  subject: ({ body }) => ({ resourceId: body.name }),
  run: ({ services, params, body }, change) =>
    services.branches.create(change, {
      projectId: params.project_id,
      name: body.name,
      description: body.description ?? null,
    }),
  render: renderBranch,
});
