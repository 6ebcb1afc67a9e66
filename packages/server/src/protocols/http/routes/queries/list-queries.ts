import { defineRead } from '../../define-route.js';
import { pageFrom } from '../../schemas/paging.js';
import { PROJECT_PATH, ProjectParams } from '../../schemas/paths.js';
import { QueriesQuery, queryFilterFrom, QueryListSchema, renderQueries } from '../../schemas/workspace-queries.js';

export const listQueries = defineRead({
  operation: 'query.list',
  method: 'GET',
  path: `${PROJECT_PATH}/queries`,
  summary: 'What ran in the workspaces of a project, newest first',
  description:
    'Statements of PostgreSQL clients and over HTTP, also of workspaces that are gone. Filters can be combined.',
  params: ProjectParams,
  query: QueriesQuery,
  success: { status: 200, description: 'One page, and how many match', schema: QueryListSchema },
  errors: ['project_not_found', 'project_db_not_found'],
  handle: async ({ services, params, query }) =>
    renderQueries(await services.queryLog.list(params.project_id, queryFilterFrom(query), pageFrom(query))),
});
