import { defineRead } from '../../define-route.js';
import { renderSession, WireSessionSchema } from '../../schemas/wire-sessions.js';
import { InternalSessionParams, SESSION_PATH } from './internal-path.js';

export const getInternalSession = defineRead({
  operation: 'pgwire.get_session',
  method: 'GET',
  path: SESSION_PATH,
  summary: 'One session',
  params: InternalSessionParams,
  success: { status: 200, description: 'The session', schema: WireSessionSchema },
  errors: ['session_not_found'],
  handle: async ({ services, params }) => renderSession(await services.pgwireInternal.getSession(params.session_id)),
});
