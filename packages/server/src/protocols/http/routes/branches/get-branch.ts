import { defineRead } from '../../define-route.js';
import { BranchDetailSchema, renderBranch } from '../../schemas/branches.js';
import { BRANCH_PATH, BranchParams, branchRef } from '../../schemas/paths.js';
import { formatTimestamp } from '../../timestamps.js';

export const getBranch = defineRead({
  operation: 'branch.get',
  method: 'GET',
  path: BRANCH_PATH,
  summary: 'One branch, with the tables it has of its own',
  params: BranchParams,
  success: { status: 200, description: 'The branch', schema: BranchDetailSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found'],
  handle: async ({ services, params }) => {
    const { branch, tables } = await services.branches.get(branchRef(params));
    return {
      ...renderBranch(branch),
      copied_tables: tables.map((table) => ({
        bucket_name: table.bucketName,
        table_name: table.name,
        copied_at: formatTimestamp(table.createdAt),
      })),
    };
  },
});
