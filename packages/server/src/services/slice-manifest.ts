import type { Readable } from 'node:stream';
import { DomainError } from '../errors/domain-error.js';
import type { JsonObject } from '../metadata/records.js';

/** A manifest lists the slices of a file; more than this is not one. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

export interface ManifestEntry {
  readonly url: string;
  /** One that need not be there is passed over when it is not. */
  readonly mandatory: boolean;
}

/** Says of what is no manifest what is wrong with it. */
export type NotAManifest = (reason: string, cause?: unknown) => DomainError;

/** `named` is what messages call it: nothing that may be a secret. */
export function manifestErrors(named: string, details: JsonObject): NotAManifest {
  return (reason, cause) =>
    new DomainError('file_not_found', `${named} is not a manifest: ${reason}`, { ...details, reason }, { cause });
}

/** `{"entries": [{"url": "…", "mandatory": true}, …]}`, in its order; none is fine. */
export async function readManifest(content: Readable, notAManifest: NotAManifest): Promise<readonly ManifestEntry[]> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of content as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_MANIFEST_BYTES) throw notAManifest('it is too large');
    chunks.push(Buffer.from(chunk));
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw notAManifest('it is not JSON', error);
  }
  const entries = isObject(parsed) ? parsed['entries'] : undefined;
  if (!Array.isArray(entries)) throw notAManifest('it has no list of entries');
  return entries.map((entry: unknown) => {
    const url = isObject(entry) ? entry['url'] : undefined;
    if (typeof url !== 'string' || !isObject(entry)) throw notAManifest('an entry has no url');
    return { url, mandatory: entry['mandatory'] !== false };
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
