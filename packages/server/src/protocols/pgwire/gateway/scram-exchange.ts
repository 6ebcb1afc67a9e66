import { randomBytes } from 'node:crypto';
import {
  equalKeys,
  hmacSha256,
  SCRAM_ITERATIONS,
  SCRAM_KEY_BYTES,
  SCRAM_SALT_BYTES,
  sha256,
  type ScramVerifier,
} from '../../../auth/scram.js';
import { SqlError } from '../../../errors/sql-error.js';

export const SCRAM = 'SCRAM-SHA-256';
export const SCRAM_PLUS = 'SCRAM-SHA-256-PLUS';
const BINDING_TYPE = 'tls-server-end-point';
const NONCE_BYTES = 18;

/**
 * The server's side of one SCRAM-SHA-256 exchange (RFC 5802, 5929, 7677), as far as texts go: it sees no socket.
 *
 *     client-first  gs2 header, nonce             ─▶ first()  ─▶ server-first  nonce, salt, iterations
 *     client-final  channel binding, nonce, proof ─▶ final()  ─▶ server-final  signature; or undefined: not the password
 *
 * Only a proof that is wrong is undefined. A message that breaks the rules is 08P01, a wrong channel binding 28000: both say
 * that something else than the password is wrong, most likely somebody in between.
 */
export class ScramExchange {
  readonly #verifier: ScramVerifier;
  readonly #mechanism: string;
  readonly #endPointHash: Uint8Array | undefined;
  #gs2Header = '';
  #clientFirstBare = '';
  #serverFirst = '';
  #nonce = '';

  /** `endPointHash` is what the client can bind to; undefined without TLS or for a certificate that has none. */
  constructor(input: {
    readonly verifier: ScramVerifier;
    readonly mechanism: string;
    readonly endPointHash: Uint8Array | undefined;
  }) {
    this.#verifier = input.verifier;
    this.#mechanism = input.mechanism;
    this.#endPointHash = input.endPointHash;
  }

  first(clientFirst: string): string {
    // The name in the message is ignored, as PostgreSQL does: the one of the startup packet counts.
    const [, gs2Header, flag, authorization, bare, clientNonce] =
      /^(([yn]|p=[A-Za-z0-9.-]+),(a=[^,]*)?,)(n=[^,]*,r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s.exec(clientFirst) ?? [];
    if (gs2Header === undefined || flag === undefined || bare === undefined || clientNonce === undefined) {
      throw malformedScram('the first message of the client cannot be read');
    }
    if (authorization !== undefined) {
      throw new SqlError('0A000', 'client uses authorization identity, but it is not supported', { severity: 'FATAL' });
    }
    this.#mustBindAsPromised(flag);
    this.#gs2Header = gs2Header;
    this.#clientFirstBare = bare;
    this.#nonce = clientNonce + randomBytes(NONCE_BYTES).toString('base64');
    const { salt, iterations } = this.#verifier;
    this.#serverFirst = `r=${this.#nonce},s=${Buffer.from(salt).toString('base64')},i=${iterations}`;
    return this.#serverFirst;
  }

  final(clientFinal: string): string | undefined {
    const [, withoutProof, binding, nonce, proofText] =
      /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?),p=([A-Za-z0-9+/=]+)$/s.exec(clientFinal) ?? [];
    if (withoutProof === undefined || binding === undefined || proofText === undefined) {
      throw malformedScram('the last message of the client cannot be read');
    }
    if (nonce !== this.#nonce) throw malformedScram('nonce does not match');
    if (binding !== this.#expectedBinding()) {
      throw new SqlError('28000', 'SCRAM channel binding check failed', { severity: 'FATAL' });
    }
    const proof = Buffer.from(proofText, 'base64');
    if (proof.length !== SCRAM_KEY_BYTES) throw malformedScram('the proof has the wrong length');
    const authMessage = `${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`;
    const { storedKey, serverKey } = this.#verifier;
    const clientSignature = hmacSha256(storedKey, authMessage);
    const clientKey = proof.map((byte, index) => byte ^ (clientSignature[index] ?? 0));
    if (!equalKeys(sha256(clientKey), storedKey)) return undefined;
    return `v=${hmacSha256(serverKey, authMessage).toString('base64')}`;
  }

  /** `p=` binds, `n` cannot, `y` could but believes that we cannot: where we can, somebody took our offer away. */
  #mustBindAsPromised(flag: string): void {
    const binds = flag.startsWith('p=');
    if (binds !== (this.#mechanism === SCRAM_PLUS)) {
      throw malformedScram(
        binds
          ? 'the client binds to the channel with a mechanism that does not'
          : 'the client selected SCRAM-SHA-256-PLUS, but its message has no channel binding',
      );
    }
    if (binds && flag !== `p=${BINDING_TYPE}`) {
      throw malformedScram(`unsupported SCRAM channel-binding type "${flag.slice(2)}"`);
    }
    if (flag === 'y' && this.#endPointHash !== undefined) {
      throw new SqlError('28000', 'SCRAM channel binding negotiation error', {
        severity: 'FATAL',
        detail:
          'The client supports SCRAM channel binding but thinks the server does not. However, this server does support channel binding.',
      });
    }
  }

  #expectedBinding(): string {
    const header = Buffer.from(this.#gs2Header, 'latin1');
    const data = this.#mechanism === SCRAM_PLUS ? (this.#endPointHash ?? new Uint8Array()) : new Uint8Array();
    return Buffer.concat([header, data]).toString('base64');
  }
}

/**
 * For a name that nobody has: the exchange runs as for a real one and then fails. Salt and keys follow from the name, so that
 * asking twice looks the same, as it does for a real user; `secret` never leaves the server.
 */
export function verifierOfNobody(username: string, secret: Uint8Array): ScramVerifier {
  return {
    iterations: SCRAM_ITERATIONS,
    salt: hmacSha256(secret, `salt:${username}`).subarray(0, SCRAM_SALT_BYTES),
    storedKey: hmacSha256(secret, `stored:${username}`),
    serverKey: hmacSha256(secret, `server:${username}`),
  };
}

function malformedScram(reason: string): SqlError {
  return new SqlError('08P01', `malformed SCRAM message: ${reason}`, { severity: 'FATAL' });
}
