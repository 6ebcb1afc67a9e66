import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ApiKeyRecord } from '../metadata/records.js';

/** What is stored of a key: the text itself is shown once. 128 random bits need no salt and no slow hash. */
export function hashApiKey(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Compares secrets of any length in a time that tells nothing about where they differ. */
export function equalSecrets(left: string, right: string): boolean {
  return timingSafeEqual(
    createHash('sha256').update(left, 'utf8').digest(),
    createHash('sha256').update(right, 'utf8').digest(),
  );
}

/** Where a key is valid; the two kinds are told apart by the branch. */
export type KeyReach =
  | { readonly scope: 'project_admin' | 'project_read'; readonly branchId: null }
  | { readonly scope: 'branch_admin' | 'branch_read'; readonly branchId: string };

export type NewApiKey = KeyReach &
  Pick<ApiKeyRecord, 'id' | 'projectId' | 'description' | 'createdAt' | 'createdBy' | 'expiresAt'>;

/** The text begins with what the key is for, so that a key found somewhere can be told by looking at it. */
export function newApiKey(input: NewApiKey): { readonly text: string; readonly record: ApiKeyRecord } {
  const prefix = prefixOf(input);
  const text = prefix + randomBytes(16).toString('hex');
  return {
    text,
    record: { ...input, keyHash: hashApiKey(text), keyPrefix: `${prefix}...`, lastUsedAt: null, revokedAt: null },
  };
}

function prefixOf({ projectId, scope, branchId }: NewApiKey): string {
  const rights = scope === 'project_admin' || scope === 'branch_admin' ? 'admin' : 'read';
  return branchId === null ? `proj_${projectId}_${rights}_` : `proj_${projectId}_branch_${branchId}_${rights}_`;
}

export function isLiveKey(key: ApiKeyRecord, now: Date): boolean {
  return key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);
}
