import { defineRead } from '../../define-route.js';
import { InternalAuthBody, InternalAuthSchema, renderInternalLogin } from '../../schemas/wire-sessions.js';
import { INTERNAL_PATH } from './internal-path.js';

export const authenticate = defineRead({
  operation: 'pgwire.authenticate',
  method: 'POST',
  path: `${INTERNAL_PATH}/auth`,
  summary: 'May this user open a session, and on what?',
  description: 'For a PostgreSQL server of its own. It opens no session.',
  body: InternalAuthBody,
  success: { status: 200, description: 'The workspace and its tables', schema: InternalAuthSchema },
  errors: ['invalid_credentials', 'workspace_expired', 'workspace_not_active', 'connection_limit_reached'],
  handle: async ({ services, settings, body }) =>
    renderInternalLogin(await services.pgwireInternal.authenticate(body), settings.workspaces),
});
