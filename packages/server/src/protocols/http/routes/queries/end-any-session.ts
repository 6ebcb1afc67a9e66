import { Type } from 'typebox';
import { defineChange } from '../../define-route.js';

export const endAnySession = defineChange({
  operation: 'session.end_any',
  method: 'DELETE',
  path: '/sessions/:session_id',
  summary: 'End a session, whatever its project',
  params: Type.Object({ session_id: Type.String({ description: 'Session id' }) }),
  success: { status: 204, description: 'Ended' },
  errors: ['session_not_found'],
  run: ({ services, params }, change) => services.workspaceSessions.endAny(change, params.session_id),
});
