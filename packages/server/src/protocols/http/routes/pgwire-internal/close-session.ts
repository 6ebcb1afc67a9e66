import { Type } from 'typebox';
import { defineResponder } from '../../define-route.js';
import { InternalSessionParams, SESSION_PATH } from './internal-path.js';

export const closeInternalSession = defineResponder({
  operation: 'pgwire.close_session',
  method: 'DELETE',
  path: SESSION_PATH,
  summary: 'Note that a session ended',
  params: InternalSessionParams,
  query: Type.Object({
    reason: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'Becomes the status; `disconnected` unless given' }),
    ),
  }),
  success: { status: 204, description: 'Noted' },
  errors: ['session_not_found'],
  respond: async ({ services, params, query, reply }) => {
    await services.pgwireInternal.closeSession(params.session_id, query.reason ?? 'disconnected');
    return reply.code(204).send();
  },
});
