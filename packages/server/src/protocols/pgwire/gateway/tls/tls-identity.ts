import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock } from '../../../../lib/clock.js';
import { createSecretFile } from '../../../../lib/secret-file.js';
import { endPointHash } from './end-point-hash.js';
import { makeSelfSignedCertificate } from './self-signed-certificate.js';

/** Who the server is in TLS. */
export interface TlsIdentity {
  readonly context: SecureContext;
  /** For channel binding; undefined when the certificate has none. */
  readonly endPointHash: Uint8Array | undefined;
  /** File with the certificate, for clients that check it. */
  readonly certificatePath: string;
  readonly selfSigned: boolean;
  readonly expiresAt: Date;
}

/** A certificate or key that cannot be used: a sentence for the operator. */
export class TlsIdentityError extends Error {
  override readonly name = 'TlsIdentityError';
}

/** A made certificate is replaced at a start in the last month of its time. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

/** `certificatePath` may hold a chain, the server's own certificate first. */
export async function loadTlsIdentity(certificatePath: string, keyPath: string): Promise<TlsIdentity> {
  const [certificate, key] = await Promise.all([
    readNamed('PGWIRE_SSL_CERT', certificatePath),
    readNamed('PGWIRE_SSL_KEY', keyPath),
  ]);
  return identityOf(certificate, key, certificatePath, false);
}

/**
 * The certificate in `directory`, made when there is none: `server.pem` has key and certificate in one file, so that they always
 * fit each other; `server.crt` is a copy of the certificate that may be given to clients.
 */
export async function ownTlsIdentity(
  directory: string,
  hosts: readonly string[],
  clock: Clock,
): Promise<{ readonly identity: TlsIdentity; readonly made: boolean }> {
  const path = join(directory, 'server.pem');
  const existing = await readIfThere(path);
  if (existing !== undefined) {
    const identity = await publish(directory, existing);
    if (identity.expiresAt.getTime() - clock.now().getTime() > RENEW_BEFORE_MS) return { identity, made: false };
    await rm(path);
  }
  const { certificatePem, keyPem } = await makeSelfSignedCertificate(namesOf(hosts), clock.now());
  const made = await createSecretFile(path, `${keyPem}${certificatePem}`);
  return { identity: await publish(directory, await readFile(path, 'utf8')), made };
}

async function publish(directory: string, pem: string): Promise<TlsIdentity> {
  const path = join(directory, 'server.crt');
  const identity = identityOf(pem, pem, path, true);
  const certificate = new X509Certificate(pem).toString();
  if ((await readIfThere(path)) !== certificate) {
    await writeFile(`${path}.new`, certificate, { mode: 0o644 });
    await rename(`${path}.new`, path);
  }
  return identity;
}

function identityOf(certificatePem: string, keyPem: string, certificatePath: string, selfSigned: boolean): TlsIdentity {
  const certificate = parsed(certificatePem, certificatePath);
  const key = parsedKey(keyPem, certificatePath);
  if (!certificate.checkPrivateKey(key)) {
    throw new TlsIdentityError(`The key does not belong to the certificate ${certificatePath}; see PGWIRE_SSL_KEY.`);
  }
  const context = createSecureContext({
    cert: certificatePem,
    key: keyPem,
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  });
  return {
    context,
    endPointHash: endPointHash(certificate.raw),
    certificatePath,
    selfSigned,
    expiresAt: new Date(certificate.validTo),
  };
}

function parsed(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new TlsIdentityError(`${path} does not hold a certificate in PEM form; see PGWIRE_SSL_CERT.`, {
      cause: error,
    });
  }
}

function parsedKey(pem: string, certificatePath: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new TlsIdentityError(
      `The key for ${certificatePath} cannot be read: it must be an unencrypted private key in PEM form; see PGWIRE_SSL_KEY.`,
      { cause: error },
    );
  }
}

/** This machine from outside and inside; a wildcard is no name. */
function namesOf(hosts: readonly string[]): string[] {
  const names = hosts.filter((host) => host !== '0.0.0.0' && host !== '::');
  return [...new Set([...names, hostname(), 'localhost', '127.0.0.1', '::1'])];
}

async function readNamed(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new TlsIdentityError(`${option} is "${path}", which cannot be read (${code}).`, { cause: error });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
