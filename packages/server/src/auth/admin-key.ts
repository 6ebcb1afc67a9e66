import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config/config.js';
import { ConfigError } from '../config/option.js';
import { createSecretFile } from '../lib/secret-file.js';

export interface AdminKey {
  readonly key: string;
  readonly source: 'environment' | 'file';
  /** Where the key is kept; null when it came from the environment. */
  readonly path: string | null;
  /** Made just now: the only moment at which the operator is shown the key. */
  readonly created: boolean;
}

const KEY_BYTES = 32;

/**
 * The key that may do everything: `ADMIN_API_KEY`, or else the content of `{DATA_DIR}/admin-api-key`, which the first
 * start makes. The file appears complete and synced or not at all, readable by its owner only, and is never replaced:
 * two first starts at the same moment agree on one key.
 */
export async function loadAdminKey(config: Pick<Config, 'service' | 'storage'>): Promise<AdminKey> {
  if (config.service.adminApiKey !== null) {
    return { key: config.service.adminApiKey, source: 'environment', path: null, created: false };
  }
  const path = join(config.storage.dataDirectory, 'admin-api-key');
  const existing = await readKey(path);
  if (existing !== undefined) return { key: existing, source: 'file', path, created: false };

  const created = await createKey(path);
  const key = await readKey(path);
  if (key === undefined)
    throw new ConfigError(`The admin key file ${path} vanished while it was being made; start again.`);
  return { key, source: 'file', path, created };
}

async function readKey(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw new ConfigError(
      `The admin key file ${path} cannot be read (${reason(error)}); give its owner the right to read it, or set ADMIN_API_KEY.`,
      { cause: error },
    );
  }
  const key = text.trim();
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new ConfigError(
    `The admin key file ${path} does not hold one key on one line; remove it to get a new key, or set ADMIN_API_KEY.`,
  );
}

/** False when another start was faster; then its key counts. */
async function createKey(path: string): Promise<boolean> {
  try {
    return await createSecretFile(path, `${randomBytes(KEY_BYTES).toString('base64url')}\n`);
  } catch (error) {
    throw new ConfigError(
      `The data folder ${dirname(path)} cannot be written (${reason(error)}); give the user of this server the right to write there, or set DATA_DIR.`,
      { cause: error },
    );
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function reason(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
