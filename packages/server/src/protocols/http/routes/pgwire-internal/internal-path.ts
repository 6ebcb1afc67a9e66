import { Type } from 'typebox';

export const INTERNAL_PATH = '/internal/pgwire';
export const SESSIONS_PATH = `${INTERNAL_PATH}/sessions`;
export const SESSION_PATH = `${SESSIONS_PATH}/:session_id`;

export const InternalSessionParams = Type.Object({ session_id: Type.String({ description: 'Session id' }) });
