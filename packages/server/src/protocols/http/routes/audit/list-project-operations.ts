import { defineRead } from '../../define-route.js';
import {
  OperationListSchema,
  operationFilterFrom,
  ProjectOperationsQuery,
  renderOperations,
} from '../../schemas/audit.js';
import { pageFrom } from '../../schemas/paging.js';
import { PROJECT_PATH, ProjectParams } from '../../schemas/paths.js';

export const listProjectOperations = defineRead({
  operation: 'audit.list',
  method: 'GET',
  path: `${PROJECT_PATH}/operations`,
  summary: 'What was changed or refused in a project, newest first',
  description:
    'Every change, every refused change, and every read that its caller may not do. Filters can be combined.',
  params: ProjectParams,
  query: ProjectOperationsQuery,
  success: { status: 200, description: 'One page, and how many match', schema: OperationListSchema },
  errors: ['project_not_found'],
  handle: async ({ services, params, query }) =>
    renderOperations(
      await services.audit.listOfProject(params.project_id, operationFilterFrom(query), pageFrom(query)),
    ),
});
