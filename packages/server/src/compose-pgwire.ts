import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config, PgwireConfig } from './config/config.js';
import type { Clock } from './lib/clock.js';
import type { Logger } from './lib/logger.js';
import { createSecretFile } from './lib/secret-file.js';
import type { PgwireObserver } from './observability/pgwire-observer.js';
import type { TlsPolicy } from './protocols/pgwire/gateway/negotiation.js';
import { PgGateway, type PgGatewayParts } from './protocols/pgwire/gateway/pg-gateway.js';
import { loadTlsIdentity, ownTlsIdentity } from './protocols/pgwire/gateway/tls/tls-identity.js';

const NOBODY_SECRET_BYTES = 32;

/** The gateway of the PostgreSQL door as the configuration wants it; it does not listen yet. */
export async function composePgGateway(input: {
  readonly config: Pick<Config, 'pgwire'>;
  readonly logins: PgGatewayParts['logins'];
  readonly hosts: PgGatewayParts['hosts'];
  readonly observer: PgwireObserver;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<PgGateway> {
  const { pgwire } = input.config;
  return new PgGateway(input, {
    host: pgwire.host,
    tls: await tlsPolicy(pgwire, input.clock, input.logger),
    nobodySecret: await nobodySecret(join(pgwire.directory, 'secret')),
    connections: {
      total: pgwire.maxConnectionsTotal,
      perWorkspace: pgwire.maxConnectionsPerWorkspace,
      perAddress: pgwire.maxConnectionsPerAddress,
    },
    failedLogins: pgwire.failedLogins,
    authenticationTimeoutMs: pgwire.authenticationTimeoutMs,
    session: {
      statementTimeoutMs: pgwire.queryTimeoutMs,
      idleTimeoutMs: pgwire.idleTimeoutMs,
      maxStatementBytes: pgwire.maxMessageBytes,
    },
  });
}

async function tlsPolicy(pgwire: PgwireConfig, clock: Clock, logger: Logger): Promise<TlsPolicy> {
  const { sslMode, certificate, directory, host, publicHost } = pgwire;
  if (sslMode === 'disable') return { identity: undefined, required: false };
  const required = sslMode === 'require';
  if (certificate !== null) {
    return { identity: await loadTlsIdentity(certificate.certPath, certificate.keyPath), required };
  }
  const { identity, made } = await ownTlsIdentity(directory, [publicHost, host], clock);
  if (made) {
    const { certificatePath, expiresAt } = identity;
    logger.info({ certificatePath, expiresAt }, 'a certificate for the PostgreSQL door was made');
  }
  return { identity, required };
}

/**
 * From which the salts of unknown users are made. Kept, so that asking before and after a restart looks the same; of its own,
 * because what is made from it can be seen by anybody who asks.
 */
async function nobodySecret(path: string): Promise<Uint8Array> {
  await createSecretFile(path, `${randomBytes(NOBODY_SECRET_BYTES).toString('base64url')}\n`);
  return Buffer.from((await readFile(path, 'utf8')).trim(), 'base64url');
}
