import { Type, type Static } from 'typebox';
import type { ApiKeyRecord } from '../../../metadata/records.js';
import type { IssuedApiKey } from '../services.js';
import { formatOptionalTimestamp, formatTimestamp } from '../timestamps.js';
import { MAX_DESCRIPTION_LENGTH } from './descriptions.js';
import { Nullable, OneOf, Shared } from './nullable.js';
import { ProjectParams, PROJECT_PATH } from './paths.js';

export const API_KEYS_PATH = `${PROJECT_PATH}/api-keys`;
export const API_KEY_PATH = `${API_KEYS_PATH}/:key_id`;

export const ApiKeyParams = Type.Object({
  ...ProjectParams.properties,
  key_id: Type.String({ description: 'Id of the key, not the key itself' }),
});

const scope = OneOf(['project_admin', 'project_read', 'branch_admin', 'branch_read'] as const, {
  description:
    '`project_admin`: everything in the project. `project_read`: reads it. `branch_admin`: reads and writes one branch. ' +
    '`branch_read`: reads one branch',
});
const MAX_LIFETIME_DAYS = 365;

const commonMembers = {
  id: Type.String(),
  project_id: Type.String(),
  branch_id: Nullable(Type.String({ description: 'Set for the branch scopes only' })),
  key_prefix: Type.String({ description: 'The key without its secret part' }),
  scope,
  description: Nullable(Type.String()),
  created_at: Type.String({ format: 'date-time' }),
  expires_at: Nullable(Type.String({ format: 'date-time' })),
};

export const ApiKeySchema = Type.Object(
  {
    ...commonMembers,
    created_by: Type.String({ description: 'Id of the key that made it, `admin` for the admin key' }),
    last_used_at: Nullable(Type.String({ format: 'date-time' })),
    is_revoked: Type.Boolean(),
  },
  { $id: 'ApiKey' },
);

export const IssuedApiKeySchema = Type.Object(
  { ...commonMembers, api_key: Type.String({ description: 'The key itself; shown only here' }) },
  { $id: 'IssuedApiKey' },
);

export const ApiKeyListSchema = Type.Object(
  { api_keys: Type.Array(Shared(ApiKeySchema)), count: Type.Integer() },
  { $id: 'ApiKeyList' },
);

export const CreateApiKeyBody = Type.Object(
  {
    description: Type.String({
      maxLength: MAX_DESCRIPTION_LENGTH,
      description: `What the key is for; may be empty, up to ${MAX_DESCRIPTION_LENGTH.toLocaleString('en')} characters`,
    }),
    scope: Type.Optional(scope),
    branch_id: Type.Optional(Nullable(Type.String({ description: 'The branch of a branch scope' }))),
    expires_in_days: Type.Optional(
      Nullable(
        Type.Integer({ minimum: 1, maximum: MAX_LIFETIME_DAYS, description: 'Absent: the key does not expire' }),
      ),
    ),
  },
  { $id: 'CreateApiKey' },
);

export const apiKeySchemas = [ApiKeySchema, IssuedApiKeySchema, ApiKeyListSchema, CreateApiKeyBody];

function renderCommon(key: ApiKeyRecord) {
  return {
    id: key.id,
    project_id: key.projectId,
    branch_id: key.branchId,
    key_prefix: key.keyPrefix,
    scope: key.scope,
    description: key.description,
    created_at: formatTimestamp(key.createdAt),
    expires_at: formatOptionalTimestamp(key.expiresAt),
  };
}

export function renderApiKey(key: ApiKeyRecord): Static<typeof ApiKeySchema> {
  return {
    ...renderCommon(key),
    created_by: key.createdBy,
    last_used_at: formatOptionalTimestamp(key.lastUsedAt),
    is_revoked: key.revokedAt !== null,
  };
}

export function renderIssuedApiKey({ key, text }: IssuedApiKey): Static<typeof IssuedApiKeySchema> {
  return { ...renderCommon(key), api_key: text };
}
