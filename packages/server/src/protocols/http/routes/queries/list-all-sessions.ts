import { defineRead } from '../../define-route.js';
import { pageFrom } from '../../schemas/paging.js';
import { AllSessionsQuery, renderSessions, WireSessionListSchema } from '../../schemas/wire-sessions.js';

export const listAllSessions = defineRead({
  operation: 'session.list_all',
  method: 'GET',
  path: '/sessions',
  summary: 'Sessions of PostgreSQL clients in all projects, newest first',
  query: AllSessionsQuery,
  success: { status: 200, description: 'A page of sessions', schema: WireSessionListSchema },
  errors: [],
  handle: async ({ services, query }) =>
    renderSessions(
      await services.workspaceSessions.listAll({ projectId: query.project_id, status: query.status }, pageFrom(query)),
    ),
});
