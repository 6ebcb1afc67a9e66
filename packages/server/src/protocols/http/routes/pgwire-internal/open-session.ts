import { defineRead } from '../../define-route.js';
import { OpenSessionBody, renderSession, WireSessionSchema } from '../../schemas/wire-sessions.js';
import { SESSIONS_PATH } from './internal-path.js';

export const openSession = defineRead({
  operation: 'pgwire.open_session',
  method: 'POST',
  path: SESSIONS_PATH,
  summary: 'Note that a session began',
  body: OpenSessionBody,
  success: { status: 201, description: 'The session', schema: WireSessionSchema },
  errors: ['workspace_not_found', 'session_exists'],
  handle: async ({ services, body }) =>
    renderSession(
      await services.pgwireInternal.openSession({
        sessionId: body.session_id,
        workspaceId: body.workspace_id,
        clientIp: body.client_ip ?? null,
      }),
    ),
});
