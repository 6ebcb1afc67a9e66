import type { Clock } from '../lib/clock.js';
import type { MetadataStore } from '../metadata/metadata-store.js';
import { equalSecrets, hashApiKey, isLiveKey } from './api-keys.js';
import type { KeyUses } from './key-uses.js';
import { adminPrincipal, type Principal } from './principal.js';

export type Authentication =
  /** No usable `Authorization: Bearer …` header. */
  | { readonly kind: 'missing' }
  /** A bearer token that is no live key; perhaps it was one. */
  | { readonly kind: 'unknown'; readonly formerKey?: FormerKey }
  | { readonly kind: 'known'; readonly principal: Principal };

/** A key that is not accepted any longer. That it is still used is worth knowing: somebody forgot it, or found it. */
export interface FormerKey {
  readonly keyId: string;
  readonly state: 'revoked' | 'expired';
}

/**
 * Bearer token to principal. The admin key is compared in constant time; project keys are found by the SHA-256 of the
 * whole text, so any number of live keys of one project work side by side, and a lookup tells nothing by its time.
 * Revocation and expiry hold from the next request on: nothing is remembered between requests.
 */
export class Authenticator {
  constructor(
    private readonly metadata: MetadataStore,
    private readonly adminKey: string,
    private readonly clock: Clock,
    private readonly uses: KeyUses,
  ) {}

  async authenticate(authorization: string | undefined): Promise<Authentication> {
    const token = /^bearer +(\S.*)$/i.exec(authorization ?? '')?.[1]?.trimEnd();
    if (token === undefined || token === '') return { kind: 'missing' };
    if (equalSecrets(token, this.adminKey)) return { kind: 'known', principal: adminPrincipal };
    const key = await this.metadata.findApiKeyByHash(hashApiKey(token));
    const now = this.clock.now();
    if (key === undefined) return { kind: 'unknown' };
    if (!isLiveKey(key, now)) {
      return { kind: 'unknown', formerKey: { keyId: key.id, state: key.revokedAt === null ? 'expired' : 'revoked' } };
    }
    this.uses.note(key.id, now);
    const { id: actor, projectId, scope, branchId } = key;
    return { kind: 'known', principal: { kind: 'project', actor, projectId, scope, branchId } };
  }
}
