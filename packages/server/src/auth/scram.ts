import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/**
 * Passwords of workspaces, as RFC 5802 keeps them: a salted hash of each side's key, from which neither the password nor the
 * client's key can be found.
 *
 *     password ─pbkdf2(salt, iterations)─▶ salted ─┬─ "Client Key" ─▶ clientKey ─sha256─▶ storedKey   checks the client's proof
 *                                                  └─ "Server Key" ─▶ serverKey                       proves that it is us
 *
 * Passwords are made here and nowhere else, of 192 random bits in ASCII. So the iterations of PostgreSQL are plenty, and the
 * Unicode normalisation that SCRAM prescribes (SASLprep) changes nothing: what it would change cannot be a password of ours.
 */
export interface ScramVerifier {
  readonly iterations: number;
  readonly salt: Uint8Array;
  /** 32 bytes each. */
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

const MECHANISM = 'SCRAM-SHA-256';
/** PostgreSQL's number; clients repeat it at every connect. */
export const SCRAM_ITERATIONS = 4096;
export const SCRAM_SALT_BYTES = 16;
export const SCRAM_KEY_BYTES = 32;
const PASSWORD_BYTES = 24;

const derive = promisify(pbkdf2);

/** 32 characters of `A-Z a-z 0-9 - _`: nothing that a shell, a URL or a connection string would want quoted. */
export function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

export async function makeScramVerifier(
  password: string,
  salt: Uint8Array = randomBytes(SCRAM_SALT_BYTES),
  iterations: number = SCRAM_ITERATIONS,
): Promise<ScramVerifier> {
  const salted = await derive(password, salt, iterations, SCRAM_KEY_BYTES, 'sha256');
  return {
    iterations,
    salt,
    storedKey: sha256(hmacSha256(salted, 'Client Key')),
    serverKey: hmacSha256(salted, 'Server Key'),
  };
}

/** For a password that arrives as text, over HTTP. Takes the same time for every password. */
export async function isPasswordOf(verifier: ScramVerifier, password: string): Promise<boolean> {
  const made = await makeScramVerifier(password, verifier.salt, verifier.iterations);
  return equalKeys(made.storedKey, verifier.storedKey);
}

/** PostgreSQL's spelling: `SCRAM-SHA-256$4096:salt$storedKey:serverKey`, each part in base64. */
export function formatScramVerifier({ iterations, salt, storedKey, serverKey }: ScramVerifier): string {
  return `${MECHANISM}$${iterations}:${base64(salt)}$${base64(storedKey)}:${base64(serverKey)}`;
}

/** Throws on anything that `formatScramVerifier` does not write: what is stored is damaged then. */
export function parseScramVerifier(text: string): ScramVerifier {
  const [, iterations, salt, storedKey, serverKey] =
    /^SCRAM-SHA-256\$([1-9]\d{0,8}):([\w+/=]+)\$([\w+/=]{44}):([\w+/=]{44})$/.exec(text) ?? [];
  if (iterations === undefined || salt === undefined || storedKey === undefined || serverKey === undefined) {
    throw new Error('a stored password is not a SCRAM-SHA-256 verifier');
  }
  return {
    iterations: Number(iterations),
    salt: Buffer.from(salt, 'base64'),
    storedKey: Buffer.from(storedKey, 'base64'),
    serverKey: Buffer.from(serverKey, 'base64'),
  };
}

export function hmacSha256(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** In a time that tells nothing about where they differ. */
export function equalKeys(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
