import type { ApiKeyRecord } from '../records.js';
import { isProject, toDate, toMs, type Database } from './database.js';
import { mustBeActiveProject } from './project-queries.js';
import type { ApiKeyRow } from './schema.js';

export async function findApiKeyByHash(db: Database, keyHash: string): Promise<ApiKeyRecord | undefined> {
  const row = await db.selectFrom('api_keys').selectAll().where('key_hash', '=', keyHash).executeTakeFirst();
  return row && toApiKey(row);
}

export async function getApiKey(db: Database, projectId: string, keyId: string): Promise<ApiKeyRecord | undefined> {
  const row = await db
    .selectFrom('api_keys')
    .selectAll()
    .where('id', '=', keyId)
    .where(isProject(projectId))
    .executeTakeFirst();
  return row && toApiKey(row);
}

export async function listApiKeys(db: Database, projectId: string): Promise<readonly ApiKeyRecord[]> {
  const rows = await db
    .selectFrom('api_keys')
    .selectAll()
    .where(isProject(projectId))
    .where('revoked_at', 'is', null)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
  return rows.map(toApiKey);
}

export async function isApiKeyIdUsed(db: Database, keyId: string): Promise<boolean> {
  return (await db.selectFrom('api_keys').select('id').where('id', '=', keyId).executeTakeFirst()) !== undefined;
}

export async function revokeApiKey(db: Database, keyId: string, now: Date): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ revoked_at: now.getTime() })
    .where('id', '=', keyId)
    .where('revoked_at', 'is', null)
    .execute();
}

export async function insertApiKey(db: Database, key: ApiKeyRecord): Promise<void> {
  const projectId = await mustBeActiveProject(db, key.projectId);
  await db
    .insertInto('api_keys')
    .values({
      id: key.id,
      project_id: projectId,
      key_hash: key.keyHash,
      key_prefix: key.keyPrefix,
      scope: key.scope,
      branch_id: key.branchId,
      description: key.description,
      created_at: key.createdAt.getTime(),
      created_by: key.createdBy,
      last_used_at: toMs(key.lastUsedAt),
      expires_at: toMs(key.expiresAt),
      revoked_at: toMs(key.revokedAt),
    })
    .execute();
}

export async function touchApiKeys(
  db: Database,
  used: readonly { readonly keyId: string; readonly at: Date }[],
): Promise<void> {
  for (const { keyId, at } of used) {
    await db
      .updateTable('api_keys')
      .set({ last_used_at: at.getTime() })
      .where('id', '=', keyId)
      .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at.getTime())]))
      .execute();
  }
}

function toApiKey(row: ApiKeyRow): ApiKeyRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    keyHash: row.key_hash,
    keyPrefix: row.key_prefix,
    scope: row.scope,
    branchId: row.branch_id,
    description: row.description,
    createdAt: new Date(row.created_at),
    createdBy: row.created_by,
    lastUsedAt: toDate(row.last_used_at),
    expiresAt: toDate(row.expires_at),
    revokedAt: toDate(row.revoked_at),
  };
}
