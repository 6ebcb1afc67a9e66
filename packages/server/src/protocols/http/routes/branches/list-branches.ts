import { Type } from 'typebox';

import { defineRead } from '../../define-route.js';
import { BranchListSchema, renderBranch } from '../../schemas/branches.js';
import { pageFrom, pagingQuery } from '../../schemas/paging.js';
import { BRANCHES_PATH, ProjectParams } from '../../schemas/paths.js';

export const listBranches = defineRead({
  operation: 'branch.list',
  method: 'GET',
  path: BRANCHES_PATH,
  summary: 'List development branches, newest first',
  params: ProjectParams,
  query: Type.Object(pagingQuery),
  success: { status: 200, description: 'A page of branches', schema: BranchListSchema },
  errors: ['project_not_found', 'project_db_not_found'],
  handle: async ({ services, params, query }) => {
    const { items, total } = await services.branches.list(params.project_id, pageFrom(query));
    return { branches: items.map(renderBranch), count: items.length, total };
  },
});
