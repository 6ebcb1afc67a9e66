import { DomainError } from '../../../../errors/domain-error.js';
import { defineRead } from '../../define-route.js';
import { HealthSchema, renderHealth } from '../../schemas/backend.js';

export const checkHealth = defineRead({
  operation: 'service.health',
  method: 'GET',
  path: '/health',
  summary: 'Is the service able to work?',
  success: { status: 200, description: 'Storage and metadata answer', schema: HealthSchema },
  errors: ['storage_unavailable'],
  handle: async ({ services, settings }) => {
    const report = await services.backend.health();
    if (!report.healthy) {
      throw new DomainError('storage_unavailable', 'One or more storage paths are not accessible', {
        ...report.directories,
      });
    }
    return renderHealth(report, settings.version);
  },
});
