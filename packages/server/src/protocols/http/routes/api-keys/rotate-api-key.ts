import { defineChange } from '../../define-route.js';
import { API_KEY_PATH, ApiKeyParams, IssuedApiKeySchema, renderIssuedApiKey } from '../../schemas/api-keys.js';

export const rotateApiKey = defineChange({
  operation: 'api_key.rotate',
  method: 'POST',
  path: `${API_KEY_PATH}/rotate`,
  summary: 'Replace a key by a new one with the same rights',
  description: 'The old key ends with this request. The new one lives as many days as the old one was given.',
  params: ApiKeyParams,
  success: { status: 201, description: 'The new key, for the only time', schema: IssuedApiKeySchema },
  errors: [
    'project_not_found',
    'project_db_not_found',
    'api_key_not_found',
    'branch_not_found',
    'cannot_rotate_revoked_key',
  ],
  run: ({ services, params }, change) => services.apiKeys.rotate(change, params.project_id, params.key_id),
  render: renderIssuedApiKey,
});
