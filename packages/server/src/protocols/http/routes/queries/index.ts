import type { Route } from '../../define-route.js';
import { endAnySession } from './end-any-session.js';
import { listAllSessions } from './list-all-sessions.js';
import { listQueries } from './list-queries.js';

export const queryRoutes: readonly Route[] = [listQueries, listAllSessions, endAnySession];
