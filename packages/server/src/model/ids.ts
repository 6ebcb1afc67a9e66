import { randomBytes, randomUUID } from 'node:crypto';

/**
 * Ids of buckets, tables and versions: 12 hex digits of milliseconds, then 20 random ones, so that they sort by creation
 * and never repeat. They are safe in file names.
 */
export function newSortableId(now: Date): string {
  return now.getTime().toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
}

/** Ids of API keys are short, for people; whoever stores one makes sure that it is not taken yet. */
export function newApiKeyId(): string {
  return `key_${randomBytes(4).toString('hex')}`;
}

/** Ids that callers see: files, upload keys, the key made with a project. */
export function newPublicId(): string {
  return randomUUID();
}
