import { defineChange } from '../../define-route.js';
import { API_KEY_PATH, ApiKeyParams } from '../../schemas/api-keys.js';

export const revokeApiKey = defineChange({
  operation: 'api_key.revoke',
  method: 'DELETE',
  path: API_KEY_PATH,
  summary: 'Revoke a key',
  description: 'Holds from the next request on. The last live `project_admin` key cannot be revoked, only rotated.',
  params: ApiKeyParams,
  success: { status: 204, description: 'Revoked; repeating it is fine' },
  errors: ['project_not_found', 'project_db_not_found', 'api_key_not_found', 'cannot_revoke_last_admin_key'],
  run: ({ services, params }, change) => services.apiKeys.revoke(change, params.project_id, params.key_id),
});
