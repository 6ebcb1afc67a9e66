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

export function newProjectAdminKey(input: { id: string; projectId: string; description: string; now: Date }): {
  readonly text: string;
  readonly record: ApiKeyRecord;
} {
  const prefix = `proj_${input.projectId}_admin_`;
  const text = prefix + randomBytes(16).toString('hex');
  return {
    text,
    record: {
      id: input.id,
      projectId: input.projectId,
      keyHash: hashApiKey(text),
      keyPrefix: `${prefix}...`,
      scope: 'project_admin',
      branchId: null,
      description: input.description,
      createdAt: input.now,
      lastUsedAt: null,
      expiresAt: null,
      revokedAt: null,
    },
  };
}

export function isLiveKey(key: ApiKeyRecord, now: Date): boolean {
  return key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);
}
