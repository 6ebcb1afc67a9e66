import { defineRead } from '../../define-route.js';
import { API_KEY_PATH, ApiKeyParams, ApiKeySchema, renderApiKey } from '../../schemas/api-keys.js';

export const getApiKey = defineRead({
  operation: 'api_key.get',
  method: 'GET',
  path: API_KEY_PATH,
  summary: 'One key, also a revoked one',
  params: ApiKeyParams,
  success: { status: 200, description: 'What the key may do', schema: ApiKeySchema },
  errors: ['project_not_found', 'project_db_not_found', 'api_key_not_found'],
  handle: async ({ services, params }) => renderApiKey(await services.apiKeys.get(params.project_id, params.key_id)),
});
