import { Type } from 'typebox';
import { defineRead } from '../../define-route.js';
import { Shared } from '../../schemas/nullable.js';
import { renderSession, WireSessionSchema } from '../../schemas/wire-sessions.js';
import { SESSIONS_PATH } from './internal-path.js';

export const listInternalSessions = defineRead({
  operation: 'pgwire.list_sessions',
  method: 'GET',
  path: SESSIONS_PATH,
  summary: 'Sessions, newest first',
  query: Type.Object({ workspace_id: Type.Optional(Type.String()), status: Type.Optional(Type.String()) }),
  success: { status: 200, description: 'At most 1000 of them', schema: Type.Array(Shared(WireSessionSchema)) },
  errors: [],
  handle: async ({ services, query }) => {
    const filter = { workspaceId: query.workspace_id, status: query.status };
    return (await services.pgwireInternal.listSessions(filter)).map(renderSession);
  },
});
