import type { Route } from '../../define-route.js';
import { authenticate } from './authenticate.js';
import { closeIdleSessions } from './close-idle-sessions.js';
import { closeInternalSession } from './close-session.js';
import { getInternalSession } from './get-session.js';
import { listInternalSessions } from './list-sessions.js';
import { noteActivity } from './note-activity.js';
import { openSession } from './open-session.js';

export const pgwireInternalRoutes: readonly Route[] = [
  authenticate,
  openSession,
  listInternalSessions,
  closeIdleSessions,
  getInternalSession,
  noteActivity,
  closeInternalSession,
];
