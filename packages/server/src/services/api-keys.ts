import { isLiveKey, newApiKey, type KeyReach } from '../auth/api-keys.js';
import type { KeyUses } from '../auth/key-uses.js';
import { DomainError } from '../errors/domain-error.js';
import type { MetadataReader, MetadataStore, MetadataTransaction } from '../metadata/metadata-store.js';
import type { ApiKeyRecord, ApiKeyScope } from '../metadata/records.js';
import { newApiKeyId } from '../model/ids.js';
import type { Change } from './change.js';
import { requireDevelopmentBranch } from './require-bucket.js';
import { requireActiveProject } from './require-project.js';

const DAY_MS = 86_400_000;

export interface IssuedApiKey {
  readonly key: ApiKeyRecord;
  /** Shown here and never again. */
  readonly text: string;
}

/**
 * The keys of a project. Any number of them live side by side; a revoked one stays as a record of what it was. While a
 * project has a live project_admin key, the last of these cannot be revoked, only rotated: a project that locked itself
 * out could only be opened again with the admin key.
 */
export class ApiKeys {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly uses: Pick<KeyUses, 'lastNoted'>,
  ) {}

  async create(
    change: Change<IssuedApiKey>,
    projectId: string,
    input: {
      scope: ApiKeyScope;
      branchId: string | null;
      description: string;
      expiresInDays: number | null;
    },
  ): Promise<IssuedApiKey> {
    return await this.metadata.transaction(async (tx) => {
      const project = await requireActiveProject(tx, projectId);
      const reach = reachOf(input.scope, input.branchId);
      const issued = await this.#issue(tx, change, { ...input, projectId: project.id, reach });
      await change.commit(tx, subjectOf(issued.key), issued);
      return issued;
    });
  }

  async list(projectId: string): Promise<readonly ApiKeyRecord[]> {
    await requireActiveProject(this.metadata, projectId);
    return (await this.metadata.listApiKeys(projectId)).map((key) => this.#withLastUse(key));
  }

  async get(projectId: string, keyId: string): Promise<ApiKeyRecord> {
    return this.#withLastUse(await requireApiKey(this.metadata, projectId, keyId));
  }

  /** Holds from the next request on. Revoking what is revoked or expired already is fine, and changes nobody's access. */
  async revoke(change: Change<void>, projectId: string, keyId: string): Promise<void> {
    await this.metadata.transaction(async (tx) => {
      const key = await requireApiKey(tx, projectId, keyId);
      await mustLeaveAnAdminKey(tx, key, change.now);
      await tx.revokeApiKey(key.id, change.now);
      await change.commit(tx, subjectOf(key), undefined);
    });
  }

  /** Replaces a key by one with the same rights, in one transaction: there is no moment without a key, or with both. */
  async rotate(change: Change<IssuedApiKey>, projectId: string, keyId: string): Promise<IssuedApiKey> {
    return await this.metadata.transaction(async (tx) => {
      const old = await requireApiKey(tx, projectId, keyId);
      if (old.revokedAt !== null) {
        throw new DomainError(
          'cannot_rotate_revoked_key',
          `API key ${old.id} was revoked; create a new key instead of rotating it.`,
          { key_id: old.id },
        );
      }
      const issued = await this.#issue(tx, change, {
        projectId: old.projectId,
        reach: reachOf(old.scope, old.branchId),
        description: `${old.description ?? ''} (rotated)`.trimStart(),
        expiresInDays: lifetimeDays(old),
      });
      await tx.revokeApiKey(old.id, change.now);
      const subject = subjectOf(old);
      await change.commit(tx, { ...subject, details: { ...subject.details, new_key_id: issued.key.id } }, issued);
      return issued;
    });
  }

  async #issue(
    tx: MetadataTransaction,
    change: Change<IssuedApiKey>,
    input: { projectId: string; reach: KeyReach; description: string; expiresInDays: number | null },
  ): Promise<IssuedApiKey> {
    const { projectId, reach, description, expiresInDays } = input;
    if (reach.branchId !== null) await requireDevelopmentBranch(tx, { projectId, branchId: reach.branchId });
    const createdAt = change.now;
    const { record, text } = newApiKey({
      ...reach,
      id: await freeKeyId(tx),
      projectId,
      description,
      createdAt,
      createdBy: change.principal.actor,
      expiresAt: expiresInDays === null ? null : new Date(createdAt.getTime() + expiresInDays * DAY_MS),
    });
    await tx.insertApiKey(record);
    return { key: record, text };
  }

  #withLastUse(key: ApiKeyRecord): ApiKeyRecord {
    const noted = this.uses.lastNoted(key.id);
    return noted === undefined ? key : { ...key, lastUsedAt: noted };
  }
}

function reachOf(scope: ApiKeyScope, branchId: string | null): KeyReach {
  if (scope === 'project_admin' || scope === 'project_read') {
    if (branchId === null) return { scope, branchId };
    throw new DomainError('invalid_request', `branch_id must be null for scope '${scope}'`, { scope });
  }
  if (branchId !== null) return { scope, branchId };
  throw new DomainError('invalid_request', `branch_id is required for scope '${scope}'`, { scope });
}

async function requireApiKey(reader: MetadataReader, projectId: string, keyId: string): Promise<ApiKeyRecord> {
  await requireActiveProject(reader, projectId);
  const key = await reader.getApiKey(projectId, keyId);
  if (key === undefined) {
    throw new DomainError('api_key_not_found', `API key ${keyId} not found in project ${projectId}`, {
      project_id: projectId,
      key_id: keyId,
    });
  }
  return key;
}

async function mustLeaveAnAdminKey(reader: MetadataReader, key: ApiKeyRecord, now: Date): Promise<void> {
  if (key.scope !== 'project_admin' || !isLiveKey(key, now)) return;
  const keys = await reader.listApiKeys(key.projectId);
  const live = keys.filter((one) => one.scope === 'project_admin' && isLiveKey(one, now)).length;
  if (live > 1) return;
  throw new DomainError(
    'cannot_revoke_last_admin_key',
    'Cannot revoke the last active project_admin key. Create a new one first.',
    { project_id: key.projectId, key_id: key.id, active_project_admin_keys: live },
  );
}

/** Short ids repeat by chance once in a long while. */
async function freeKeyId(reader: MetadataReader): Promise<string> {
  for (;;) {
    const id = newApiKeyId();
    if (!(await reader.isApiKeyIdUsed(id))) return id;
  }
}

/** Keys are made with a lifetime of whole days. */
function lifetimeDays({ createdAt, expiresAt }: ApiKeyRecord): number | null {
  return expiresAt === null ? null : Math.max(1, Math.round((expiresAt.getTime() - createdAt.getTime()) / DAY_MS));
}

function subjectOf(key: ApiKeyRecord): { projectId: string; resourceId: string; details: { scope: ApiKeyScope } } {
  return { projectId: key.projectId, resourceId: key.id, details: { scope: key.scope } };
}
