import { defineRead } from '../../define-route.js';
import { ServiceSchema } from '../../schemas/backend.js';

export const describeService = defineRead({
  operation: 'service.describe',
  method: 'GET',
  path: '/',
  summary: 'Name and version of the service',
  success: { status: 200, description: 'Where to go from here', schema: ServiceSchema },
  errors: [],
  handle: async ({ settings: { title, version, prefix } }) =>
    Promise.resolve({ service: title, version, health: `${prefix}/health`, docs: `${prefix}/docs` }),
});
