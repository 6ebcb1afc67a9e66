import { Type } from 'typebox';
import { defineRead } from '../../define-route.js';
import { SESSIONS_PATH } from './internal-path.js';

export const closeIdleSessions = defineRead({
  operation: 'pgwire.close_idle_sessions',
  method: 'POST',
  path: `${SESSIONS_PATH}/cleanup`,
  summary: 'Note that sessions without activity ended',
  query: Type.Object({
    idle_timeout_seconds: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 2_592_000, description: '0 and absent: PGWIRE_IDLE_TIMEOUT_SECONDS' }),
    ),
  }),
  success: {
    status: 200,
    description: 'How many',
    schema: Type.Object({ cleaned_up: Type.Integer(), idle_timeout_seconds: Type.Integer() }),
  },
  errors: [],
  handle: async ({ services, query }) => {
    const { closed, idleTimeoutMs } = await services.pgwireInternal.closeIdle((query.idle_timeout_seconds ?? 0) * 1000);
    return { cleaned_up: closed, idle_timeout_seconds: idleTimeoutMs / 1000 };
  },
});
