import { defineChange } from '../../define-route.js';
import { PullResultSchema, renderPull } from '../../schemas/branches.js';
import { BRANCH_PATH, TableParams, tableRef } from '../../schemas/paths.js';
import { PullQuery } from './pull-query.js';

export const pullTable = defineChange({
  operation: 'branch.pull_table',
  method: 'POST',
  path: `${BRANCH_PATH}/tables/:bucket_name/:table_name/pull`,
  summary: 'Let a branch read a table from main again',
  description: 'What the branch had of its own is kept as a snapshot first, unless it is to be discarded.',
  params: TableParams,
  query: PullQuery,
  success: { status: 200, description: 'What the branch had', schema: PullResultSchema },
  errors: ['project_not_found', 'project_db_not_found', 'branch_not_found', 'table_not_found', 'table_busy'],
  run: ({ services, params, query }, change) =>
    services.branchPull.pullTable(change, tableRef(params), { discard: query.discard ?? false }),
  render: renderPull,
});
