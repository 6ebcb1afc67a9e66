import type { Route } from '../../define-route.js';
import { checkHealth } from './check-health.js';
import { describeService } from './describe-service.js';
import { readMetrics } from './read-metrics.js';

export const serviceRoutes: readonly Route[] = [describeService, checkHealth, readMetrics];
