import type { Route } from '../../define-route.js';
import { initBackend } from './init-backend.js';
import { removeBackend } from './remove-backend.js';

export const backendRoutes: readonly Route[] = [initBackend, removeBackend];
