import { defineRead } from '../../define-route.js';
import { OperationListSchema, operationFilterFrom, OperationsQuery, renderOperations } from '../../schemas/audit.js';
import { pageFrom } from '../../schemas/paging.js';

export const listOperations = defineRead({
  operation: 'audit.list_all',
  method: 'GET',
  path: '/operations',
  summary: 'What was changed or refused in all projects and outside of them, newest first',
  query: OperationsQuery,
  success: { status: 200, description: 'One page, and how many match', schema: OperationListSchema },
  errors: [],
  handle: async ({ services, query }) =>
    renderOperations(await services.audit.list(operationFilterFrom(query), pageFrom(query))),
});
