import { defineRead } from '../../define-route.js';
import { API_KEYS_PATH, ApiKeyListSchema, renderApiKey } from '../../schemas/api-keys.js';
import { ProjectParams } from '../../schemas/paths.js';

export const listApiKeys = defineRead({
  operation: 'api_key.list',
  method: 'GET',
  path: API_KEYS_PATH,
  summary: 'List the keys that are not revoked, newest first',
  params: ProjectParams,
  success: { status: 200, description: 'What each key may do; never the keys themselves', schema: ApiKeyListSchema },
  errors: ['project_not_found', 'project_db_not_found'],
  handle: async ({ services, params }) => {
    const keys = await services.apiKeys.list(params.project_id);
    return { api_keys: keys.map(renderApiKey), count: keys.length };
  },
});
