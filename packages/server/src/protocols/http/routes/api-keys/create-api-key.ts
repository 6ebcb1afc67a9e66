import { defineChange } from '../../define-route.js';
import { API_KEYS_PATH, CreateApiKeyBody, IssuedApiKeySchema, renderIssuedApiKey } from '../../schemas/api-keys.js';
import { ProjectParams } from '../../schemas/paths.js';

export const createApiKey = defineChange({
  operation: 'api_key.create',
  method: 'POST',
  path: API_KEYS_PATH,
  summary: 'Create a key of the project or of one branch',
  params: ProjectParams,
  body: CreateApiKeyBody,
  success: { status: 201, description: 'The key, for the only time', schema: IssuedApiKeySchema },
  errors: ['project_not_found', 'project_db_not_found', 'invalid_request', 'branch_not_found'],
  run: ({ services, params, body }, change) =>
    services.apiKeys.create(change, params.project_id, {
      scope: body.scope ?? 'project_admin',
      branchId: body.branch_id ?? null,
      description: body.description,
      expiresInDays: body.expires_in_days ?? null,
    }),
  render: renderIssuedApiKey,
});
