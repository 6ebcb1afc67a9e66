import type { Route } from '../../define-route.js';
import { listOperations } from './list-operations.js';
import { listProjectOperations } from './list-project-operations.js';

export const auditRoutes: readonly Route[] = [listProjectOperations, listOperations];
