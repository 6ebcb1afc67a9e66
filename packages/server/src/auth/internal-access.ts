import { DomainError } from '../errors/domain-error.js';
import { equalSecrets } from './api-keys.js';
import type { Authentication } from './authenticator.js';
import { NotAuthenticatedError } from './authorize.js';

export interface InternalAccess {
  /** Another bearer token that opens the internal endpoints beside the admin key; null: there is none. */
  readonly secret: string | null;
  /** They answer everybody, as those of the reference do. */
  readonly open: boolean;
}

/** For endpoints that a PostgreSQL server of its own calls: the admin key, or the secret it was given. */
export function mustBeInternal(
  authentication: Authentication,
  authorization: string | undefined,
  access: InternalAccess,
): void {
  if (access.open) return;
  if (authentication.kind === 'known' && authentication.principal.kind === 'admin') return;
  const token = /^bearer +(\S.*)$/i.exec(authorization ?? '')?.[1]?.trimEnd();
  if (access.secret !== null && token !== undefined && equalSecrets(token, access.secret)) return;
  if (authentication.kind === 'missing') throw new NotAuthenticatedError('Not authenticated');
  throw new DomainError('unauthorized', 'The internal endpoints need the admin key or the internal secret');
}
