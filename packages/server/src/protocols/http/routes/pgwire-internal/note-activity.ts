import { defineRead } from '../../define-route.js';
import { renderSession, SessionActivityBody, WireSessionSchema } from '../../schemas/wire-sessions.js';
import { InternalSessionParams, SESSION_PATH } from './internal-path.js';

export const noteActivity = defineRead({
  operation: 'pgwire.note_activity',
  method: 'PATCH',
  path: `${SESSION_PATH}/activity`,
  summary: 'Note that a session is in use',
  params: InternalSessionParams,
  body: SessionActivityBody,
  success: { status: 200, description: 'The session', schema: WireSessionSchema },
  errors: ['session_not_found'],
  handle: async ({ services, params, body }) =>
    renderSession(await services.pgwireInternal.noteActivity(params.session_id, body.increment_queries ?? true)),
});
