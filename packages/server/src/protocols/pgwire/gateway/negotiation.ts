import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { decodeStartupPacket, type StartupMessage } from '../codec/startup-packet.js';
import { ClientGoneError, MessageSource } from './message-source.js';
import { Refusal } from './refusal.js';
import type { TlsIdentity } from './tls/tls-identity.js';

export interface TlsPolicy {
  /** Undefined: TLS is not offered. */
  readonly identity: TlsIdentity | undefined;
  readonly required: boolean;
}

export type Negotiation =
  | {
      readonly kind: 'startup';
      readonly stream: Duplex;
      readonly source: MessageSource;
      readonly encrypted: boolean;
      readonly message: StartupMessage;
    }
  | { readonly kind: 'cancel'; readonly backendPid: number; readonly secret: number };

/** A TLS record of a handshake begins with it; a startup packet of at most 10 kB begins with zero. */
const TLS_HANDSHAKE = 0x16;
const ALPN_PROTOCOL = 'postgresql';

/**
 * From the first byte to the startup packet.
 *
 *     0x16 ──────────────▶ TLS at once, ALPN must say `postgresql`  (libpq 17 and later, sslnegotiation=direct)
 *     GSSENCRequest ─▶ N ─▶ again
 *     SSLRequest ────▶ S ─▶ TLS ─▶ again; or N
 *     CancelRequest ─────▶ at any point, also in clear text where TLS is required: libpq up to 16 sends it no other way
 *     startup packet ────▶ done
 *
 * `onConversation` is told the stream on which the client can be answered; undefined while there is none.
 */
export async function negotiate(
  socket: Socket,
  policy: TlsPolicy,
  onConversation: (stream: Duplex | undefined) => void,
): Promise<Negotiation> {
  let stream: Duplex = socket;
  let source = new MessageSource(socket);
  let encrypted = false;
  if ((await source.peek()) === TLS_HANDSHAKE) {
    stream = await startTls(socket, policy, true);
    source = new MessageSource(stream);
    encrypted = true;
  }
  onConversation(stream);

  const asked = new Set<string>();
  for (;;) {
    const packet = decodeStartupPacket(await source.startupPacket());
    if (packet.kind === 'cancel-request') {
      return { kind: 'cancel', backendPid: packet.backendPid, secret: packet.secret };
    }
    if (packet.kind === 'startup') {
      if (policy.required && !encrypted) throw encryptionRequired();
      return { kind: 'startup', stream, source, encrypted, message: packet };
    }
    if (encrypted || asked.has(packet.kind)) {
      throw new Refusal('protocol_error', '08P01', 'encryption was requested before', {
        hint: 'After the answer to a request for encryption comes the TLS handshake or the startup packet.',
      });
    }
    asked.add(packet.kind);
    if (packet.kind === 'gss-encryption-request' || policy.identity === undefined) {
      stream.write('N');
      continue;
    }
    // Bytes that were sent before the handshake were put there by somebody in between (CVE-2021-23214).
    if (source.hasUnread) {
      throw new Refusal('protocol_error', '08P01', 'received unencrypted data after SSL request', {
        detail: 'This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.',
      });
    }
    onConversation(undefined);
    socket.write('S');
    stream = await startTls(socket, policy, false);
    source = new MessageSource(stream);
    encrypted = true;
    onConversation(stream);
  }
}

/** Resolves after the handshake. The raw socket must not be read by anybody else, what it has buffered belongs to TLS. */
async function startTls(socket: Socket, { identity }: TlsPolicy, alpnRequired: boolean): Promise<TLSSocket> {
  if (identity === undefined) throw new ClientGoneError('TLS is not offered');
  const secure = new TLSSocket(socket, {
    isServer: true,
    secureContext: identity.context,
    ALPNProtocols: [ALPN_PROTOCOL],
  });
  await new Promise<void>((resolve, reject) => {
    const fail = (error?: Error): void => {
      secure.destroy();
      reject(new ClientGoneError(`no TLS handshake: ${error?.message ?? 'the client closed the connection'}`));
    };
    secure.once('secure', resolve).once('close', fail).on('error', fail);
    // What goes wrong before somebody owns the connection is told by this event alone, afterwards too.
    secure.on('_tlsError', fail);
  });
  if (alpnRequired && secure.alpnProtocol !== ALPN_PROTOCOL) {
    secure.destroy();
    throw new ClientGoneError('TLS without a request for the protocol (ALPN)');
  }
  return secure;
}

function encryptionRequired(): Refusal {
  return new Refusal('no_encryption', '28000', 'this server accepts encrypted connections only', {
    hint: 'Connect with sslmode=require or stricter.',
  });
}
