import { Type } from 'typebox';

import { defineRead } from '../../define-route.js';
import { BranchDiffSchema, renderDiff } from '../../schemas/branches.js';
import { pageFrom, pagingQuery } from '../../schemas/paging.js';
import { BRANCH_PATH, BranchParams, branchRef } from '../../schemas/paths.js';

const DEFAULT_EXAMPLES = 10;

export const diffBranch = defineRead({
  operation: 'branch.diff',
  method: 'GET',
  path: `${BRANCH_PATH}/diff`,
  summary: 'What a branch would change in main',
  description:
    'Per table: added, removed or changed, differences of columns and key, and numbers and examples of differing rows. Tables are compared in the engine, a page at a time.',
  params: BranchParams,
  query: Type.Object({
    ...pagingQuery,
    bucket: Type.Optional(Type.String({ description: 'Only tables of this bucket' })),
    table: Type.Optional(Type.String({ description: 'Only tables of this name' })),
    rows: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        description: `Examples of differing rows for each table, ${DEFAULT_EXAMPLES} unless given`,
      }),
    ),
  }),
  success: { status: 200, description: 'A page of differences', schema: BranchDiffSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'server_busy', 'deadline_exceeded'],
  handle: async ({ services, params, query, signal }) => {
    const filter = { bucketName: query.bucket, tableName: query.table, maxRows: query.rows ?? DEFAULT_EXAMPLES };
    const { items, total } = await services.branchDiff.diff(
      branchRef(params),
      { ...filter, ...pageFrom(query) },
      signal,
    );
    return renderDiff(items, total);
  },
});
